// SPDX-License-Identifier: Apache-2.0
//
// Stands between a program and the C library: counts what the program writes, and spoils it. To be
// preloaded. Standard error does not count.
//
//   INTERPOSE_LOG=FILE       a line for each call: its name, how much, and on what file
//   INTERPOSE_KILL_AT=N      the program is killed just before its N-th call
//   INTERPOSE_KILL_HALF=1    ... and if that is a write, half of it is still done
//   INTERPOSE_FAULTY=FILE    while FILE is there, it holds a directory, whose disk cannot sync
//   INTERPOSE_SYNC_TIME=N    each sync takes N milliseconds
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls;

static void path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
}

static void report(const char *name, size_t count, const char *path) {
    const char *log = getenv("INTERPOSE_LOG");
    if (!log) return;
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s %zu %s\n", name, count, path);
    int file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    syscall(SYS_write, file, line, length);
    syscall(SYS_close, file);
}

/// Whether the call is the last one.
static int is_last(const char *name, size_t count, const char *path) {
    report(name, count, path);
    const char *last = getenv("INTERPOSE_KILL_AT");
    return last && ++calls == atol(last);
}

/// Whether the path lies in the directory whose disk cannot sync.
static int is_faulty(const char *path) {
    const char *file = getenv("INTERPOSE_FAULTY");
    if (!file) return 0;
    char directory[PATH_MAX];
    int opened = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY, 0);
    if (opened < 0) return 0;
    ssize_t length = syscall(SYS_read, opened, directory, sizeof directory - 1);
    syscall(SYS_close, opened);
    return length > 0 && strncmp(path, directory, length) == 0;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (descriptor == 2) return syscall(SYS_write, descriptor, bytes, count);
    char path[PATH_MAX];
    path_of(descriptor, path);
    if (is_last("write", count, path)) {
        if (getenv("INTERPOSE_KILL_HALF")) syscall(SYS_write, descriptor, bytes, count / 2);
        raise(SIGKILL);
    }
    return syscall(SYS_write, descriptor, bytes, count);
}

ssize_t send(int descriptor, const void *bytes, size_t count, int flags) {
    if (is_last("send", count, "socket")) {
        if (getenv("INTERPOSE_KILL_HALF"))
            syscall(SYS_sendto, descriptor, bytes, count / 2, flags, NULL, 0);
        raise(SIGKILL);
    }
    return syscall(SYS_sendto, descriptor, bytes, count, flags, NULL, 0);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    if (is_last("sendmsg", 0, "socket")) raise(SIGKILL);
    return syscall(SYS_sendmsg, descriptor, message, flags);
}

static int sync_file(const char *name, int number, int descriptor) {
    char path[PATH_MAX];
    path_of(descriptor, path);
    if (is_last(name, 0, path)) raise(SIGKILL);
    if (is_faulty(path)) {
        errno = EIO;
        return -1;
    }
    const char *time = getenv("INTERPOSE_SYNC_TIME");
    if (time) usleep(atol(time) * 1000);
    return syscall(number, descriptor);
}

int fsync(int descriptor) { return sync_file("fsync", SYS_fsync, descriptor); }

int fdatasync(int descriptor) { return sync_file("fdatasync", SYS_fdatasync, descriptor); }

int ftruncate(int descriptor, off_t length) {
    char path[PATH_MAX];
    path_of(descriptor, path);
    if (is_last("ftruncate", length, path)) raise(SIGKILL);
    return syscall(SYS_ftruncate, descriptor, length);
}

int rename(const char *old, const char *new) {
    if (is_last("rename", 0, new)) raise(SIGKILL);
    return syscall(SYS_rename, old, new);
}

int unlink(const char *path) {
    if (is_last("unlink", 0, path)) raise(SIGKILL);
    return syscall(SYS_unlink, path);
}

int mkdir(const char *path, mode_t mode) {
    if (is_last("mkdir", 0, path)) raise(SIGKILL);
    return syscall(SYS_mkdir, path, mode);
}
