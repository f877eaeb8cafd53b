// SPDX-License-Identifier: Apache-2.0
//
// For programs on which no device may be woken while nothing happens. On Linux, each Swift program
// with tasks wakes up once a second, for as long as it lives: the dispatch library, whose threads
// run the tasks, looks whether too many of them wait for something else than work, and starts more
// then. A program that is linked with this, and with `-static-stdlib`, does not. Calls that block
// for long then belong on threads, or on dispatch queues, of their own.
#pragma once
