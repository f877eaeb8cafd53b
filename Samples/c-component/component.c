// SPDX-License-Identifier: Apache-2.0
/*
 * A component in C, with nothing but libc: a camera that records for some seconds, and says so.
 *
 *     cc -O2 -Wall -Wextra -o component Samples/c-component/component.c
 *     ./component [NAME [SECONDS]]
 * The environment says where the broker is and who we are, as Greengrass has it:
 * AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT, and SVCUID, which is NAME if it is not set.
 * To make it yours, change what `pre_update` and `post_update` do.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE, ERROR, PING, PING_RESPONSE, CONNECT, CONNECT_ACK, PROTOCOL_ERROR, INTERNAL_ERROR };
enum { INT32 = 4, BYTES = 6, STRING = 7 }; /* types of headers */
enum { ACCEPTED = 1, TERMINATE = 2, SUBSCRIPTION = 1 }; /* two flags; the first stream is 1 */
enum { LARGEST_FRAME = 16384, LONGEST_ID = 2048 }; /* the broker keeps below 8 KiB */

struct text { const char *at; size_t size; }; /* a piece of what was received; nothing: size 0 */
struct frame { int32_t type, flags, stream; struct text payload; };
struct connection {
    int fd, latest_stream;
    unsigned char bytes[LARGEST_FRAME]; /* what was received last */
    char deferred[LONGEST_ID];          /* the id of the update that we hold back, or "" */
};

static const char *name = "com.example.Camera", *token;
static int64_t busy_until;

#define say(...) (printf("[%s] ", name), printf(__VA_ARGS__), puts(""))

static int64_t now(void) /* milliseconds */ {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* JSON. Where the name or value at `at` ends: at a comma, a colon, a bracket or the end. */
static const char *skip_value(const char *at, const char *end) {
    int depth = 0, in_string = 0;
    for (; at < end; at++) {
        if (*at == '"') in_string = !in_string;
        else if (in_string) at += *at == '\\';
        else if (*at == '{' || *at == '[') depth++;
        else if (depth == 0 && strchr(",:]}", *at)) break;
        else if (*at == '}' || *at == ']') depth--;
    }
    return at < end ? at : end;
}

static struct text trimmed(const char *at, const char *end) {
    while (at < end && strchr(" \t\r\n", *at)) at++;
    while (at < end && strchr(" \t\r\n", end[-1])) end--;
    return (struct text){at, (size_t)(end - at)};
}

/* The value that an object has under a name, as it stands there, or nothing. */
static struct text member(struct text object, const char *wanted) {
    const char *at = object.at, *end = at + object.size;
    while (at < end && ++at < end) { /* over the brace, and later over each comma */
        const char *colon = skip_value(at, end), *next = skip_value(colon + 1, end);
        if (next == end || *colon != ':') break; /* it is cut short */
        struct text key = trimmed(at, colon);
        if (key.size == strlen(wanted) + 2 && !memcmp(key.at + 1, wanted, key.size - 2))
            return trimmed(colon + 1, next);
        at = next;
    }
    return (struct text){0};
}

/* Frames. One is: length, length of the headers, checksum of these, headers, payload, checksum. */
static uint32_t crc32(const unsigned char *bytes, size_t size) {
    uint32_t crc = 0xffffffff;
    while (size--) {
        crc ^= *bytes++;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static uint32_t load32(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static unsigned char *store(unsigned char *at, uint32_t value, int size) {
    while (size--) *at++ = (unsigned char)(value >> 8 * size);
    return at;
}

static unsigned char *store_text(unsigned char *at, const char *text, int size_of_length) {
    at = store(at, (uint32_t)strlen(text), size_of_length);
    return (unsigned char *)memcpy(at, text, strlen(text)) + strlen(text);
}

static unsigned char *store_number(unsigned char *at, const char *key, int value) {
    return store(store(store_text(at, key, 1), INT32, 1), (uint32_t)value, 4);
}

/* `key` and `value` are one more header, of text. Returns whether the broker is still there. */
static int send_frame(struct connection *c, int type, int stream, const char *key,
                      const char *value, struct text payload) {
    unsigned char bytes[LARGEST_FRAME + 512], *at = bytes + 12; /* 512 is enough for the headers */
    at = store_number(at, ":message-type", type);
    at = store_number(store_number(at, ":message-flags", 0), ":stream-id", stream);
    if (key) at = store_text(store(store_text(at, key, 1), STRING, 1), value, 2);
    size_t headers = (size_t)(at - bytes) - 12, size = 12 + headers + payload.size + 4;
    if (payload.size) memcpy(at, payload.at, payload.size);
    store(store(bytes, (uint32_t)size, 4), (uint32_t)headers, 4);
    store(bytes + 8, crc32(bytes, 8), 4);
    store(bytes + size - 4, crc32(bytes, size - 4), 4);
    for (size_t sent = 0; sent < size;) {
        ssize_t count = send(c->fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (count > 0) sent += (size_t)count;
        else if (errno != EINTR) return 0;
    }
    return 1;
}

/* Reads the three headers that matter; others, of whatever type, are passed over. */
static int read_headers(const unsigned char *at, const unsigned char *end, struct frame *frame) {
    static const unsigned char sizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16}; /* by type */
    while (at < end) {
        const unsigned char *key = at, *value = key + 1 + *key + 1;
        if (value > end || value[-1] > 9) return 0;
        int type = value[-1], has_length = type == BYTES || type == STRING;
        /* Behind `end` are at least the 4 bytes of the checksum. */
        size_t size = has_length ? 2 + ((size_t)value[0] << 8 | value[1]) : sizes[type];
        if ((size_t)(end - value) < size) return 0;
        int32_t number = type == INT32 ? (int32_t)load32(value) : 0;
        if (*key == 13 && !memcmp(key + 1, ":message-type", 13)) frame->type = number;
        if (*key == 14 && !memcmp(key + 1, ":message-flags", 14)) frame->flags = number;
        if (*key == 10 && !memcmp(key + 1, ":stream-id", 10)) frame->stream = number;
        at = value + size;
    }
    return 1;
}

/* Whether so many bytes came; a read may bring fewer than were asked for. */
static int read_all(int fd, unsigned char *at, size_t size) {
    while (size > 0) {
        ssize_t count = read(fd, at, size);
        if (count > 0) at += count, size -= (size_t)count;
        else if (count == 0 || errno != EINTR) return 0;
    }
    return 1;
}

/* Whether a whole, undamaged frame came. Behind a damaged one, nothing can be found any more. */
static int receive(struct connection *c, struct frame *frame) {
    unsigned char *bytes = c->bytes;
    if (!read_all(c->fd, bytes, 12) || load32(bytes + 8) != crc32(bytes, 8)) return 0;
    uint32_t total = load32(bytes), headers = load32(bytes + 4);
    if (total < 16 || total > LARGEST_FRAME || headers > total - 16) return 0;
    if (!read_all(c->fd, bytes + 12, total - 12)) return 0;
    if (load32(bytes + total - 4) != crc32(bytes, total - 4)) return 0;
    *frame = (struct frame){-1, 0, 0, {(char *)bytes + 12 + headers, total - 16 - headers}};
    return read_headers(bytes + 12, bytes + 12 + headers, frame);
}

/* Says "not now, ask me again in so many milliseconds", or by 0: "ready". */
static int answer(struct connection *c, int milliseconds) {
    char body[LONGEST_ID + 256];
    int size = sprintf(body, "{\"deploymentId\":%s,\"recheckAfterMs\":%d,\"message\":\"%s\"}",
                       c->deferred, milliseconds, milliseconds ? "recording" : "");
    say("%s", milliseconds ? "not now, I am recording" : "I am ready");
    if (milliseconds == 0) c->deferred[0] = 0;
    return send_frame(c, MESSAGE, ++c->latest_stream, "operation",
                      "aws.greengrass#DeferComponentUpdate", (struct text){body, (size_t)size});
}

static int pre_update(struct connection *c, struct text notice) {
    struct text id = member(notice, "deploymentId"); /* stays as it came, quotes and all */
    if (id.size < 2 || id.size >= LONGEST_ID) return 1; /* nothing to answer */
    snprintf(c->deferred, sizeof c->deferred, "%.*s", (int)id.size, id.at);
    say("an update wants to start");
    return answer(c, now() < busy_until ? 30000 : 0);
}

static void post_update(struct connection *c, struct text post) {
    struct text id = member(post, "deploymentId"), outcome = member(post, "outcome");
    if (id.size == strlen(c->deferred) && !memcmp(id.at, c->deferred, id.size)) *c->deferred = 0;
    say("the update is over: %.*s", (int)outcome.size, outcome.size ? outcome.at : "");
}

/* What to do about a frame. Returns whether to stay connected. */
static int handle(struct connection *c, struct frame *frame) {
    if (frame->type == PING) return send_frame(c, PING_RESPONSE, 0, NULL, NULL, frame->payload);
    if (frame->type == ERROR || frame->type == PROTOCOL_ERROR || frame->type == INTERNAL_ERROR) {
        say("the broker answers: %.*s", (int)frame->payload.size, frame->payload.at);
        return frame->type == ERROR && frame->stream != SUBSCRIPTION;
    }
    if (frame->type != MESSAGE || frame->stream != SUBSCRIPTION) return 1;
    if (frame->flags & TERMINATE) return 0;
    struct text pre = member(frame->payload, "preUpdateEvent");
    struct text post = member(frame->payload, "postUpdateEvent");
    if (!pre.size && !post.size) say("waiting for updates"); /* the response */
    if (post.size) post_update(c, post);
    return !pre.size || pre_update(c, pre);
}

/* One connection, until it breaks. Returns whether there was a broker that let us in. */
static int run(struct connection *c) {
    char body[512];
    struct frame frame;
    struct text hello = {body, (size_t)sprintf(body, "{\"authToken\":\"%s\"}", token)};
    if (!send_frame(c, CONNECT, 0, ":version", "0.1.0", hello)) return 0;
    do if (!receive(c, &frame)) return 0; while (frame.type != CONNECT_ACK);
    if (!(frame.flags & ACCEPTED)) return say("the broker does not let us in"), 0;
    c->latest_stream = SUBSCRIPTION;
    int is_fine = send_frame(c, MESSAGE, SUBSCRIPTION, "operation",
                             "aws.greengrass#SubscribeToComponentUpdates", (struct text){"{}", 2});
    while (is_fine) {
        struct pollfd readable = {.fd = c->fd, .events = POLLIN};
        int64_t left = c->deferred[0] ? busy_until - now() + 1 : -1;
        if (c->deferred[0] && left <= 0)
            is_fine = answer(c, 0); /* the update need not wait for the 30 s to end */
        else if (poll(&readable, 1, left > 60000 ? 60000 : (int)left) > 0)
            is_fine = receive(c, &frame) && handle(c, &frame);
    }
    return 1;
}

int main(int count, char **arguments) {
    const char *path = getenv("AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT");
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/reprieve/ipc.socket"};
    if (path) snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (count > 1) name = arguments[1];
    if (count > 2) busy_until = now() + (int64_t)(atof(arguments[2]) * 1000);
    token = getenv("SVCUID") ? getenv("SVCUID") : name;
    if (strlen(token) > 256 || strpbrk(token, "\"\\\n"))
        return fprintf(stderr, "SVCUID is neither a token nor a component's name\n"), 64;
    for (unsigned pause = 1;; pause = pause < 30 ? pause * 2 : 30) {
        struct connection c = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (connect(c.fd, (struct sockaddr *)&address, sizeof address) == 0 && run(&c)) pause = 1;
        close(c.fd);
        /* A component works on without a broker, and subscribes again when there is one. */
        say("the broker is not there; trying again in %u s", pause);
        sleep(pause);
    }
}
