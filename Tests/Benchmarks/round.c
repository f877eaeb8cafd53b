// SPDX-License-Identifier: Apache-2.0

// Gate rounds through reprieved or through epoll-broker.
//
//     round reprieved DIRECTORY COMPONENTS ROUNDS BROKER-PID
//     round epoll SOCKET COMPONENTS ROUNDS BROKER-PID
//     round start SOCKET COMMAND...      milliseconds until COMMAND lets in a client
//     round sizes DIRECTORY              the lengths that exchange.h states, as they are
//     round gate DIRECTORY COMMAND...    the least that `reprieve gate -- COMMAND` takes

#include <stdarg.h>

#include "rounds.h"

static const char *place;

// MARK: - epoll-broker

static struct bytes message(enum kind kind, size_t length)
{
	static uint8_t bytes[1 << 10];
	fill_message(bytes, kind, length);
	return (struct bytes){ bytes, length };
}

static size_t epoll_length(const uint8_t *bytes, size_t available)
{
	return available < 5 ? 0 : message_length(bytes);
}

static int epoll_connect(void)
{
	int descriptor = connect_to(place);
	if (descriptor < 0)
		err(1, "%s", place);
	return descriptor;
}

static int epoll_connect_component(int number)
{
	(void)number;
	int descriptor = epoll_connect();
	uint8_t reply[SUBSCRIBED_LENGTH];
	send_all(descriptor, message(SUBSCRIBE, SUBSCRIBE_LENGTH));
	if (recv(descriptor, reply, sizeof reply, MSG_WAITALL) != sizeof reply)
		err(1, "subscribe");
	return descriptor;
}

static struct bytes epoll_gate(unsigned round) { (void)round; return message(GATE, GATE_LENGTH); }
static struct bytes epoll_answer(unsigned round) { (void)round; return message(ANSWER, ANSWER_LENGTH); }
static struct bytes epoll_complete(unsigned round) { (void)round; return message(COMPLETE, COMPLETE_LENGTH); }

static const struct wire epoll_wire = {
	epoll_connect_component, epoll_connect, epoll_length, message_kind,
	epoll_gate, epoll_answer, epoll_complete, RELEASED, true, true, NULL,
};

// MARK: - reprieved: event-stream frames

static uint32_t big_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put32(uint8_t *bytes, uint32_t number)
{
	for (int index = 0; index < 4; index++)
		bytes[index] = (uint8_t)(number >> (24 - 8 * index));
}

static uint32_t crc32(const uint8_t *bytes, size_t length)
{
	uint32_t state = ~0u;
	for (size_t index = 0; index < length; index++) {
		state ^= bytes[index];
		for (int bit = 0; bit < 8; bit++)
			state = state >> 1 ^ (state & 1 ? 0xEDB88320u : 0);
	}
	return ~state;
}

static size_t put_name(uint8_t *bytes, const char *name, int type)
{
	size_t length = strlen(name);
	bytes[0] = (uint8_t)length;
	memcpy(bytes + 1, name, length);
	bytes[1 + length] = (uint8_t)type;
	return length + 2;
}

static size_t put_integer(uint8_t *bytes, const char *name, uint32_t number)
{
	size_t length = put_name(bytes, name, 4);
	put32(bytes + length, number);
	return length + 4;
}

static size_t put_text(uint8_t *bytes, const char *name, const char *text)
{
	size_t length = put_name(bytes, name, 7), text_length = strlen(text);
	bytes[length] = (uint8_t)(text_length >> 8);
	bytes[length + 1] = (uint8_t)text_length;
	memcpy(bytes + length + 2, text, text_length);
	return length + 2 + text_length;
}

// A frame as the Python SDK writes it: a request if it has an operation, else CONNECT.
static struct bytes frame(const char *operation, uint32_t stream, const char *format, ...)
{
	static uint8_t bytes[1 << 12];
	uint8_t *end = bytes + 12;
	char model[128];
	if (operation) {
		snprintf(model, sizeof model, "%sRequest", operation);
		end += put_text(end, ":content-type", "application/json");
		end += put_text(end, "service-model-type", model);
	} else {
		end += put_text(end, ":version", "0.1.0");
	}
	end += put_integer(end, ":message-type", operation ? 0 : 4);
	end += put_integer(end, ":message-flags", 0);
	end += put_integer(end, ":stream-id", stream);
	if (operation)
		end += put_text(end, "operation", operation);
	put32(bytes + 4, (uint32_t)(end - bytes - 12));
	va_list arguments;
	va_start(arguments, format);
	end += vsprintf((char *)end, format, arguments);
	va_end(arguments);
	put32(bytes, (uint32_t)(end - bytes + 4));
	put32(bytes + 8, crc32(bytes, 8));
	put32(end, crc32(bytes, (size_t)(end - bytes)));
	return (struct bytes){ bytes, (size_t)(end - bytes + 4) };
}

static size_t frame_length(const uint8_t *bytes, size_t available)
{
	return available < 4 ? 0 : big_endian(bytes);
}

// Told by how the payload starts.
static enum kind frame_kind(const uint8_t *bytes)
{
	const char *payload = (const char *)bytes + 12 + big_endian(bytes + 4);
	if (strncmp(payload, "{\"preUpdate", 11) == 0)
		return NOTICE;
	if (strncmp(payload, "{\"postUpdate", 12) == 0)
		return POST;
	if (strncmp(payload, "{\"grantedMs", 11) == 0)
		return GRANTED;
	if (strncmp(payload, "{\"released", 10) == 0)
		return RELEASED;
	if (strncmp(payload, "{}", 2) == 0)
		return COMPLETED;
	if (strncmp(payload, "{\"message", 9) == 0)
		errx(1, "the broker says %.200s", payload);
	return OTHER;
}

static void skip_frame(int descriptor)
{
	uint8_t bytes[1 << 12];
	if (recv(descriptor, bytes, 12, MSG_WAITALL) != 12
	    || recv(descriptor, bytes + 12, big_endian(bytes) - 12, MSG_WAITALL) <= 0)
		err(1, "the broker hung up");
	frame_kind(bytes);
}

static int reprieved_connect(const char *socket, const char *name)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", place, socket);
	int descriptor = connect_to(path);
	if (descriptor < 0)
		err(1, "%s", path);
	send_all(descriptor, frame(NULL, 0, "{\"authToken\": \"%s\"}", name));
	skip_frame(descriptor);
	return descriptor;
}

static struct bytes subscription(void)
{
	return frame("aws.greengrass#SubscribeToComponentUpdates", 1, "{}");
}

static int reprieved_connect_component(int number)
{
	char name[32];
	snprintf(name, sizeof name, "com.example.c%04d", number);
	int descriptor = reprieved_connect("ipc.socket", name);
	send_all(descriptor, subscription());
	skip_frame(descriptor);
	return descriptor;
}

static int reprieved_connect_coordinator(void)
{
	return reprieved_connect("control.socket", "com.example.nucleus");
}

#define DEPLOYMENT "5e0cbb57-3a66-4c1c-9b0a-%012u"

static struct bytes reprieved_gate(unsigned round)
{
	return frame("reprieve#GateUpdate", 1 + 2 * round,
		     "{\"deploymentId\": \"" DEPLOYMENT "\"}", round);
}

static struct bytes reprieved_answer(unsigned round)
{
	static struct bytes answer;
	static unsigned answered = ~0u;
	static uint8_t bytes[1 << 10];
	if (round != answered) {
		struct bytes made = frame("aws.greengrass#DeferComponentUpdate", 2 + round,
			"{\"deploymentId\": \"" DEPLOYMENT "\", \"recheckAfterMs\": 0}", round);
		answer = (struct bytes){ memcpy(bytes, made.start, made.length), made.length };
		answered = round;
	}
	return answer;
}

static struct bytes reprieved_complete(unsigned round)
{
	return frame("reprieve#CompleteUpdate", 2 + 2 * round,
		     "{\"deploymentId\": \"" DEPLOYMENT "\", \"outcome\": \"applied\"}", round);
}

static const struct wire reprieved_wire = {
	reprieved_connect_component, reprieved_connect_coordinator, frame_length, frame_kind,
	reprieved_gate, reprieved_answer, reprieved_complete, RELEASED, true, true, NULL,
};

// MARK: - Start-up, lengths

static int measure_start(const char *socket, char **command)
{
	unlink(socket);
	uint64_t start = nanoseconds();
	pid_t process = fork();
	if (process == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(command[0], command);
		err(127, "%s", command[0]);
	}
	int descriptor;
	while ((descriptor = connect_to(socket)) < 0) {
		if (waitpid(process, NULL, WNOHANG) != 0)
			errx(1, "%s ended", command[0]);
		usleep(50);
	}
	printf("%.2f\n", (double)(nanoseconds() - start) / 1e6);
	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
	return 0;
}

static void print_lengths(const char *who, int descriptor)
{
	uint8_t bytes[1 << 16];
	usleep(50000);
	ssize_t taken = recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
	for (ssize_t start = 0; start < taken; start += (ssize_t)big_endian(bytes + start))
		printf("%s gets %u: %.*s\n", who, big_endian(bytes + start), 60,
		       (char *)bytes + start + 12 + big_endian(bytes + start + 4));
}

static void send_shown(const char *what, int descriptor, struct bytes bytes)
{
	printf("%s is %zu\n", what, bytes.length);
	send_all(descriptor, bytes);
}

// One round with one component. The coordinator is another process, or it would not be asked.
static int print_sizes(void)
{
	int component = reprieved_connect("ipc.socket", "com.example.c0000");
	send_shown("subscribe", component, subscription());
	print_lengths("component", component);
	int turn[2];
	char byte;
	pipe(turn);
	pid_t coordinator = fork();
	if (coordinator == 0) {
		int descriptor = reprieved_connect_coordinator();
		send_shown("gate", descriptor, reprieved_gate(0));
		read(turn[0], &byte, 1);
		print_lengths("coordinator", descriptor);
		send_shown("complete", descriptor, reprieved_complete(0));
		print_lengths("coordinator", descriptor);
		fflush(stdout);
		_exit(0);
	}
	fflush(stdout);
	usleep(100000);
	print_lengths("component", component);
	send_shown("answer", component, reprieved_answer(0));
	print_lengths("component", component);
	fflush(stdout);
	write(turn[1], "", 1);
	waitpid(coordinator, NULL, 0);
	print_lengths("component", component);
	return 0;
}

// Announces an update, waits for its release, runs a command, and says that it is over.
static int run_gate(char **command)
{
	int descriptor = reprieved_connect_coordinator(), id = getpid(), status;
	send_all(descriptor, frame("reprieve#GateUpdate", 1, "{\"deploymentId\": \"%d\"}", id));
	await(&reprieved_wire, descriptor, RELEASED, 1);
	pid_t process = vfork();
	if (process == 0) {
		execv(command[0], command);
		_exit(127);
	}
	waitpid(process, &status, 0);
	send_all(descriptor, frame("reprieve#CompleteUpdate", 2,
				   "{\"deploymentId\": \"%d\", \"outcome\": \"applied\"}", id));
	await(&reprieved_wire, descriptor, COMPLETED, 1);
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(64, "too few arguments");
	place = argv[2];
	if (strcmp(argv[1], "start") == 0)
		return measure_start(place, argv + 3);
	if (strcmp(argv[1], "sizes") == 0)
		return print_sizes();
	if (strcmp(argv[1], "gate") == 0 && argc > 3)
		return run_gate(argv + 3);
	if (argc != 6)
		errx(64, "usage: round WIRE PLACE COMPONENTS ROUNDS BROKER-PID");
	const struct wire *wire = strcmp(argv[1], "epoll") == 0 ? &epoll_wire : &reprieved_wire;
	return run_load(wire, atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
}
