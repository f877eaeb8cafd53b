// SPDX-License-Identifier: Apache-2.0
//
// A wall clock that a test sets. To be preloaded.
//
//   WALL_CLOCK=FILE    has the seconds by which the clock differs; when it is written, timers that
//                      wait for the clock to be set expire
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int timer = -1;

static long difference(void) {
    char text[32] = "";
    const char *path = getenv("WALL_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
    close(file);
    return atol(text);
}

static int set_timer(int descriptor, int flags, const struct itimerspec *time) {
    return syscall(SYS_timerfd_settime, descriptor, flags, time, NULL);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += difference();
    return result;
}

int timerfd_settime(
    int descriptor, int flags, const struct itimerspec *new, struct itimerspec *old
) {
    (void)old;
    struct itimerspec shifted = *new;
    if (flags & TFD_TIMER_CANCEL_ON_SET) {
        timer = descriptor;
        shifted.it_value.tv_sec -= difference();
        if (shifted.it_value.tv_sec < 1) shifted.it_value.tv_sec = 1;
    }
    return set_timer(descriptor, flags, &shifted);
}

static void *watch(void *path) {
    char event[512];
    const struct itimerspec now = { .it_value = { .tv_sec = 1 } };
    int watching = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(watching, path, IN_CLOSE_WRITE);
    while (read(watching, event, sizeof event) > 0)
        if (timer >= 0) set_timer(timer, TFD_TIMER_ABSTIME, &now);
    return NULL;
}

__attribute__((constructor)) static void start(void) {
    char *path = getenv("WALL_CLOCK");
    pthread_t thread;
    if (path) pthread_create(&thread, NULL, watch, path);
}
