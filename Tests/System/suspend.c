// SPDX-License-Identifier: Apache-2.0
//
// Makes a program believe that the device was suspended. To be preloaded. CLOCK_BOOTTIME and
// CLOCK_REALTIME jump forward, CLOCK_MONOTONIC stands still, and timers are due as the kernel has
// them after a suspend. As a real suspend does, the jump comes while the program waits.
//
//   SUSPEND_REQUEST=FIFO   eight bytes in it are a suspend of so many nanoseconds
//   SUSPEND_DONE=FIFO      gets a byte when the program has done all that was due after it: how
//                          often that woke it up
//   SUSPEND_ASLEEP=N       nanoseconds that the device was suspended before the program started
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BILLION 1000000000
#define TIMERS 64

static int64_t asleep;
static int request = -1, done = -1, is_answer_due;
static unsigned char wakings;
/// By descriptor: whether its clock goes on in a suspend, and when it is due on that clock.
static int jumps[TIMERS];
static struct itimerspec settings[TIMERS];

__attribute__((constructor)) static void open_pipes(void) {
    // Opened for both, an end never runs dry.
    request = open(getenv("SUSPEND_REQUEST"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    done = open(getenv("SUSPEND_DONE"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (request < 0 || done < 0) abort();
    const char *before = getenv("SUSPEND_ASLEEP");
    asleep = before ? atoll(before) : 0;
}

static int is_jumping(clockid_t clock) {
    return clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM || clock == CLOCK_REALTIME
        || clock == CLOCK_REALTIME_ALARM;
}

static struct timespec shifted(struct timespec time, int64_t by) {
    int64_t sum = (int64_t)time.tv_sec * BILLION + time.tv_nsec + by;
    // 0 would turn a timer off.
    if (sum < 1) sum = 1;
    return (struct timespec){.tv_sec = sum / BILLION, .tv_nsec = sum % BILLION};
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && is_jumping(clock)) *time = shifted(*time, asleep);
    return result;
}

int timerfd_create(int clock, int flags) {
    int descriptor = syscall(SYS_timerfd_create, clock, flags);
    if (descriptor >= TIMERS) abort();
    if (descriptor >= 0) {
        jumps[descriptor] = is_jumping(clock);
        settings[descriptor] = (struct itimerspec){0};
    }
    return descriptor;
}

static int set_timer(int descriptor, struct itimerspec setting, struct itimerspec *old) {
    setting.it_value = shifted(setting.it_value, -asleep);
    return syscall(SYS_timerfd_settime, descriptor, TFD_TIMER_ABSTIME, &setting, old);
}

int timerfd_settime(
    int descriptor, int flags, const struct itimerspec *setting, struct itimerspec *old
) {
    int is_off = setting->it_value.tv_sec == 0 && setting->it_value.tv_nsec == 0;
    int is_ours = jumps[descriptor] && !is_off && flags & TFD_TIMER_ABSTIME;
    settings[descriptor] = is_ours ? *setting : (struct itimerspec){0};
    if (is_ours) return set_timer(descriptor, *setting, old);
    return syscall(SYS_timerfd_settime, descriptor, flags, setting, old);
}

/// It is set, and has not been due since.
static int is_pending(int timer) {
    struct itimerspec left = {0};
    int is_set = settings[timer].it_value.tv_sec || settings[timer].it_value.tv_nsec;
    if (is_set) timerfd_gettime(timer, &left);
    return left.it_value.tv_sec || left.it_value.tv_nsec;
}

static void sleep_if_requested(void) {
    int64_t nanoseconds;
    if (read(request, &nanoseconds, sizeof nanoseconds) != sizeof nanoseconds) return;
    asleep += nanoseconds;
    for (int timer = 0; timer < TIMERS; timer++)
        if (is_pending(timer)) set_timer(timer, settings[timer], NULL);
    is_answer_due = 1;
    wakings = 0;
}

int epoll_wait(int epoll, struct epoll_event *events, int room, int timeout) {
    int (*real)(int, struct epoll_event *, int, int) = dlsym(RTLD_NEXT, "epoll_wait");
    if (timeout == 0) return real(epoll, events, room, 0);
    struct pollfd waits[] = {{.fd = request, .events = POLLIN}, {.fd = epoll, .events = POLLIN}};
    for (;;) {
        int ready = poll(waits, 2, is_answer_due ? 0 : timeout);
        if (ready < 0) return ready;
        if (waits[0].revents) {
            sleep_if_requested();
        } else if (ready == 0 && is_answer_due) {
            is_answer_due = 0;
            if (write(done, &wakings, 1) != 1) abort();
        } else {
            wakings++;
            return real(epoll, events, room, 0);
        }
    }
}
