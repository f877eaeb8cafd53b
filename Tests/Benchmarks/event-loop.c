// SPDX-License-Identifier: Apache-2.0

// The least that a program takes that stands on libsystemd: one event loop, one timer.

#include <systemd/sd-event.h>

static int on_time(sd_event_source *source, uint64_t now, void *data)
{
	(void)source;
	(void)now;
	(void)data;
	return 0;
}

int main(void)
{
	sd_event *loop;
	if (sd_event_new(&loop) < 0
	    || sd_event_add_time_relative(loop, NULL, CLOCK_BOOTTIME, UINT64_MAX / 2, 0, on_time,
					  NULL) < 0)
		return 1;
	return sd_event_loop(loop) < 0;
}
