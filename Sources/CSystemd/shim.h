// SPDX-License-Identifier: Apache-2.0
//
// libsystemd, and the few parts of the C library that Swift's Glibc module leaves out. What is
// variadic, a macro or hidden behind _GNU_SOURCE gets a `static inline` wrapper of its own.
#pragma once

#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

// The C library hides these without _GNU_SOURCE, which a module cannot define for another one.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern const char *strerrorname_np(int number);

/// The kernel's `struct ucred`, as SO_PEERCRED returns it.
struct reprieve_peer_credentials {
    pid_t process;
    uid_t user;
    gid_t group;
};

/// A new Unix stream socket that neither blocks nor survives exec. -1 and errno on failure.
static inline int reprieve_unix_socket(void) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/// The next waiting connection, which neither blocks nor survives exec. -1 and errno on failure.
static inline int reprieve_accept(int listening) {
    return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// Who connected, as the kernel noted it at connect(). -1 and errno on failure.
static inline int reprieve_peer_credentials(
    int descriptor, struct reprieve_peer_credentials *credentials
) {
    socklen_t length = sizeof *credentials;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, &length);
}

/// Adds, changes or removes (EPOLL_CTL_*) the interest in a descriptor. -1 and errno on failure.
static inline int reprieve_epoll_set(
    int epoll, int operation, int descriptor, uint32_t events, uint64_t token
) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

/// The name of an errno, "EADDRINUSE", or NULL.
static inline const char *reprieve_error_name(int number) {
    return strerrorname_np(number);
}
