// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

// The dispatch library reads the state of its threads in /proc, and kills the program where /proc
// is not mounted, as in a chroot. So the program has an open(2) of its own, which is the C
// library's but for one thing: there it opens an empty file in the place of such a state, which is
// taken for that of a thread that waits.
int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    int descriptor = openat(AT_FDCWD, path, flags, mode);
    int thread, end = 0;
    if (descriptor >= 0 || errno != ENOENT) return descriptor;
    sscanf(path, "/proc/%d/stat%n", &thread, &end);
    if (end == 0 || path[end]) return errno = ENOENT, -1;
    return memfd_create("no thread state", MFD_CLOEXEC);
}
