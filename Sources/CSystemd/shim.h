// SPDX-License-Identifier: Apache-2.0
//
// libsystemd, and the few parts of the C library that Swift's Glibc module does not have. Functions
// that are variadic, macros or hidden behind _GNU_SOURCE have `static inline` wrappers.
#pragma once

#include <malloc.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-login.h>
#include <unistd.h>

// The C library declares these only with _GNU_SOURCE, which a module cannot define for another one.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern int pipe2(int ends[2], int flags);
extern const char *strerrorname_np(int number);
extern long syscall(long number, ...);

/// The kernel's `struct ucred`, as SO_PEERCRED returns it.
struct reprieve_peer_credentials {
    pid_t process;
    uid_t user;
    gid_t group;
};

/// A new Unix stream socket, non-blocking and close-on-exec. -1 and errno on failure.
static inline int reprieve_unix_socket(void) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/// A timer on the wall clock, non-blocking and close-on-exec. -1 and errno on failure.
static inline int reprieve_wall_clock_timer(void) {
    return timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
}

/// -1 and ECANCELED if the clock was set since the last call; the timer is set nevertheless.
static inline int reprieve_set_wall_clock_timer(int descriptor, int64_t second) {
    const struct itimerspec time = { .it_value = { .tv_sec = second } };
    return timerfd_settime(
        descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &time, NULL
    );
}

/// A datagram socket for systemd's journal. -1 and errno on failure.
static inline int reprieve_journal_socket(void) {
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/// Sends an entry to systemd's journal, unless that would wait. -1 and errno on failure.
static inline long reprieve_journal_send(int descriptor, const void *entry, size_t length) {
    // Not from <sys/un.h>, which would make its types this module's.
    const struct { sa_family_t family; char path[108]; } journal = {
        AF_UNIX, "/run/systemd/journal/socket"
    };
    return sendto(
        descriptor, entry, length, MSG_DONTWAIT | MSG_NOSIGNAL,
        (const struct sockaddr *)&journal, sizeof journal
    );
}

/// Accepts a connection, non-blocking and close-on-exec. -1 and errno on failure.
static inline int reprieve_accept(int listening) {
    return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// The process that connected, as the kernel recorded it at connect(). -1 and errno on failure.
static inline int reprieve_peer_credentials(
    int descriptor, struct reprieve_peer_credentials *credentials
) {
    socklen_t length = sizeof *credentials;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, &length);
}

/// A pidfd of the process that connected, which never refers to a later process with its number.
/// -1 and errno on failure: ENOPROTOOPT before Linux 6.5, ENODATA if the kernel knows no process.
static inline int reprieve_peer_handle(int descriptor) {
#ifdef SO_PEERPIDFD
    const int option = SO_PEERPIDFD;
#else
    const int option = 77;
#endif
    int handle = -1;
    socklen_t length = sizeof handle;
    return getsockopt(descriptor, SOL_SOCKET, option, &handle, &length) < 0 ? -1 : handle;
}

/// A pidfd of the process that has this number now. -1 and errno on failure: ENOSYS before Linux
/// 5.3.
static inline int reprieve_process_handle(pid_t process) {
    return (int)syscall(SYS_pidfd_open, process, 0);
}

/// Whether the process of a pidfd has exited, also if its parent has not waited for it.
static inline int reprieve_has_exited(int handle) {
    struct pollfd question = {.fd = handle, .events = POLLIN};
    return poll(&question, 1, 0) > 0;
}

/// Adds, changes or removes a descriptor (EPOLL_CTL_*). -1 and errno on failure.
static inline int reprieve_epoll_set(
    int epoll, int operation, int descriptor, uint32_t events, uint64_t token
) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

/// The name of an errno, such as "EADDRINUSE", or NULL.
static inline const char *reprieve_error_name(int number) {
    return strerrorname_np(number);
}

/// Memory that a descriptor of its own keeps, close-on-exec. -1 and errno on failure.
static inline int reprieve_memory(const char *name) {
    const unsigned int close_on_exec = 1;
    return (int)syscall(SYS_memfd_create, name, close_on_exec);
}

/// Writes a byte that is there at once: another process finds it even if this one is killed.
static inline void reprieve_write_byte(void *place, uint8_t byte) {
    *(volatile uint8_t *)place = byte;
}

/// Whether a file is in memory, on tmpfs or ramfs (linux/magic.h): a reboot loses it.
static inline int reprieve_is_in_memory(const char *path) {
    struct statfs system;
    if (statfs(path, &system) != 0) return 0;
    return system.f_type == 0x01021994 || system.f_type == 0x858458f6;
}

/// Whether the wall clock follows another one, as the kernel knows it.
static inline int reprieve_is_clock_synchronized(void) {
    struct timex state = {.modes = 0};
    return adjtimex(&state) != TIME_ERROR;
}
