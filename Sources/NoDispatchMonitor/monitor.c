// SPDX-License-Identifier: Apache-2.0
#include "NoDispatchMonitor.h"

// By these two functions the threads of the dispatch library ask to be looked after. They are found
// before those of the library's archive.

void _dispatch_workq_worker_register(void *queue);
void _dispatch_workq_worker_unregister(void *queue);

void _dispatch_workq_worker_register(void *queue) { (void)queue; }

void _dispatch_workq_worker_unregister(void *queue) { (void)queue; }
