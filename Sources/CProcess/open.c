// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

// Whether this is /proc/NUMBER/stat.
static int is_thread_state(const char *path) {
    int number, end = 0;
    return sscanf(path, "/proc/%d/stat%n", &number, &end) == 1 && end > 0 && !path[end];
}

// The dispatch library reads the states of its threads in /proc, and kills the program if it
// cannot open one: where /proc is not mounted, as in a chroot, or is that of another process
// namespace. So this program has an open(2) of its own. It is the C library's, but it opens an
// empty file in the place of such a state. The library takes that for a thread that waits. It reads
// no states where it is linked in, together with NoDispatchMonitor.
int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    int descriptor = openat(AT_FDCWD, path, flags, mode);
    if (descriptor >= 0 || !is_thread_state(path)) return descriptor;
    return memfd_create("no thread state", MFD_CLOEXEC);
}
