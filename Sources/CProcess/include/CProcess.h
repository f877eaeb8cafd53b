// SPDX-License-Identifier: Apache-2.0
//
// What a program is started with, and how it starts another program.
#pragma once

#include <signal.h>
#include <sys/types.h>

/// The arguments of `main`. They do not depend on /proc.
int process_argument_count(void);
char *const *process_arguments(void);

/// Whether this program was started with this one of the descriptors 0, 1 and 2 closed. It is
/// /dev/null now.
int process_was_closed(int descriptor);

struct process_start {
    const char *path;
    char *const *arguments;
    char *const *environment;
    /// Ends with NULL. The child writes its own process id there, as decimal digits.
    char *const *process_ids;
    /// The signals that the child blocks.
    sigset_t mask;
    /// Whether the child ignores SIGCHLD.
    int ignores_children;
    /// The child's standard output; -1: that of this program.
    int output;
    /// Whether it has no input, and a process group of its own.
    int is_background;
};

/// Room for a process id in an environment variable.
enum { process_id_size = 12 };

/// Starts a program as execvp(3) does: a text that is no program is a script for /bin/sh. Unlike
/// there, binary data is not: it is a program for another machine. Returns 0 or an error number.
int process_spawn(const struct process_start *start, pid_t *process);

/// Writes only what can be written at once. Returns -1 with EAGAIN if that is nothing.
ssize_t process_write_now(int descriptor, const void *bytes, size_t count);

/// Waits so many milliseconds, or with -1 for ever, until a descriptor can be written to. Returns
/// whether it can.
int process_await_writing(int descriptor, int milliseconds);

/// Whether this program was started with this signal ignored.
int process_ignores(int signal);

/// Lets ended children be waited for, also if the program was started with SIGCHLD ignored.
void process_watch_children(void);

/// A child that has ended and is not waited for yet, or 0.
pid_t process_ended_child(void);
