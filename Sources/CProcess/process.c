// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int count;
static char *const *arguments;
static int was_closed[3];

// The C library passes a constructor what it passes to `main`. This runs before the runtime opens
// any file: such a file must not become standard output.
__attribute__((constructor)) static void begin(int argc, char **argv) {
    count = argc;
    arguments = argv;
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0) continue;
        was_closed[descriptor] = 1;
        if (open("/dev/null", O_RDWR) < 0) (void)open("/", O_PATH);
    }
}

int process_argument_count(void) { return count; }

char *const *process_arguments(void) { return arguments; }

int process_was_closed(int descriptor) {
    return descriptor >= 0 && descriptor <= 2 && was_closed[descriptor];
}

static void write_digits(char *place, pid_t number) {
    char digits[process_id_size];
    int length = 0;
    do digits[length++] = (char)('0' + number % 10);
    while (number /= 10);
    while (length > 0) *place++ = digits[--length];
    *place = 0;
}

// Whether a shell may read a file: binary data has a zero byte in what would be its first line.
static int is_text(const char *path) {
    char bytes[256];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, bytes, sizeof bytes);
    if (file >= 0) close(file);
    for (ssize_t index = 0; index < length && bytes[index] != '\n'; index++) {
        if (!bytes[index]) return 0;
    }
    return 1;
}

static void set_up(const struct process_start *start) {
    for (char *const *place = start->process_ids; *place; place++) write_digits(*place, getpid());
    if (start->is_background) {
        setpgid(0, 0);
        int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (input >= 0) dup2(input, 0);
    }
    if (start->output >= 0) dup2(start->output, 1);
    if (start->ignores_children) signal(SIGCHLD, SIG_IGN);
    sigprocmask(SIG_SETMASK, &start->mask, NULL);
}

int process_spawn(const struct process_start *start, pid_t *process) {
    size_t length = 0;
    while (start->arguments[length]) length++;
    // /bin/sh, the path, and all arguments but the first.
    const char **script = calloc(length + 3, sizeof *script);
    if (!script) return ENOMEM;
    script[0] = "/bin/sh";
    script[1] = start->path;
    for (size_t index = 1; index < length; index++) script[index + 1] = start->arguments[index];
    volatile int failure = 0;
    int state;
    // A signal handler of this program must not run in the child, which shares its memory.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pid_t child = vfork();
    if (child == 0) {
        set_up(start);
        execve(start->path, start->arguments, start->environment);
        int error = errno;
        if (error == ENOEXEC && is_text(start->path)) {
            execve(script[0], (char *const *)script, start->environment);
            error = errno;
        }
        failure = error;
        _exit(127);
    }
    int error = child < 0 ? errno : failure;
    pthread_setcancelstate(state, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    free(script);
    if (child > 0 && error) waitpid(child, NULL, 0);
    *process = child;
    return error;
}

int process_await_writing(int descriptor, int milliseconds) {
    struct pollfd question = {.fd = descriptor, .events = POLLOUT};
    return poll(&question, 1, milliseconds) > 0;
}

int process_ignores(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void process_watch_children(void) { signal(SIGCHLD, SIG_DFL); }

pid_t process_ended_child(void) {
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return 0;
    return info.si_pid;
}

// Another open file description of the same file: O_NONBLOCK set on the one that was inherited
// would be set for all programs that share it. -1 where there is no way to one.
static int reopened(int descriptor) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_APPEND | O_CLOEXEC);
}

ssize_t process_write_now(int descriptor, const void *bytes, size_t count) {
    // Of standard output and standard error: 0 is not opened yet, -1 cannot be opened.
    static _Atomic int opened[3];
    struct stat status;
    if (fstat(descriptor, &status) < 0) return -1;
    if (S_ISSOCK(status.st_mode)) {
        return send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) {
        return write(descriptor, bytes, count);
    }
    if (!opened[descriptor]) opened[descriptor] = reopened(descriptor);
    if (opened[descriptor] > 0) return write(opened[descriptor], bytes, count);
    // A pipe that is ready has room for so much.
    if (!process_await_writing(descriptor, 0)) return errno = EAGAIN, -1;
    return write(descriptor, bytes, count < PIPE_BUF ? count : PIPE_BUF);
}
