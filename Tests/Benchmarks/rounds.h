// SPDX-License-Identifier: Apache-2.0

// The load: N components in one process, a coordinator in another, and rounds between them. A
// round is a gate from its announcement to its release, then its completion until every component
// has its post. A `struct wire` says how that is spoken with one broker.

#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>

#include "exchange.h"

struct bytes {
	uint8_t *start;
	size_t length;
};

struct wire {
	// Connects and says what comes before the first round.
	int (*connect_component)(int number);
	int (*connect_coordinator)(void);

	// The length of the message that starts here; 0 if too little of it has arrived to know.
	size_t (*length)(const uint8_t *bytes, size_t available);
	enum kind (*kind)(const uint8_t *message);

	// What is sent in a round, counted from 0.
	struct bytes (*gate)(unsigned round);
	struct bytes (*answer)(unsigned round);
	struct bytes (*complete)(unsigned round);

	// Messages of the last kind before the gate is open: a broker that does not collect
	// forwards every answer to the coordinator.
	enum kind opening;
	bool collects;
	bool confirms;

	// Answers an answer, where that is the coordinator's to do and not the broker's.
	void (*grant)(int descriptor, const uint8_t *answer);
};

static inline uint64_t nanoseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// CPU time that a process has used.
static inline uint64_t cpu_time(int process)
{
	char path[64];
	unsigned long long used = 0;
	snprintf(path, sizeof path, "/proc/%d/schedstat", process);
	FILE *file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &used) != 1)
		errx(1, "%s cannot be read", path);
	fclose(file);
	return used;
}

static inline void send_all(int descriptor, struct bytes bytes)
{
	while (bytes.length > 0) {
		ssize_t sent = send(descriptor, bytes.start, bytes.length, MSG_NOSIGNAL);
		if (sent < 0)
			err(1, "send");
		bytes.start += sent;
		bytes.length -= (size_t)sent;
	}
}

// Reads messages until one is of the kind that is waited for.
static inline void await(const struct wire *wire, int descriptor, enum kind wanted, int times)
{
	static uint8_t bytes[1 << 22];
	static size_t available;
	while (times > 0) {
		size_t start = 0;
		while (times > 0) {
			size_t length = wire->length(bytes + start, available - start);
			if (length == 0 || length > available - start)
				break;
			if (wire->kind(bytes + start) == wanted) {
				times--;
				if (wire->grant && wanted == wire->opening)
					wire->grant(descriptor, bytes + start);
			}
			start += length;
		}
		memmove(bytes, bytes + start, available - start);
		available -= start;
		if (times == 0)
			return;
		ssize_t taken = recv(descriptor, bytes + available, sizeof bytes - available, 0);
		if (taken <= 0)
			err(1, "the broker hung up on the coordinator");
		available += (size_t)taken;
	}
}

struct component {
	int descriptor;
	bool answered;
};

// When a component last began to write an answer. All processes of the load share it.
static uint64_t *answered;

static inline void share_answered(void)
{
	answered = mmap(NULL, sizeof *answered, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (answered == MAP_FAILED)
		err(1, "mmap");
}

// Serves components until the broker is gone. Tells `done` when all have their posts.
static inline void run_components(const struct wire *wire, int count, int done)
{
	static uint8_t bytes[1 << 16];
	struct component *components = calloc((size_t)count, sizeof *components);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int number = 0; number < count; number++) {
		components[number].descriptor = wire->connect_component(number);
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)number };
		epoll_ctl(epoll, EPOLL_CTL_ADD, components[number].descriptor, &event);
	}
	write(done, "", 1);

	unsigned round = 0;
	int posts = 0;
	for (;;) {
		struct epoll_event batch[256];
		int ready = epoll_wait(epoll, batch, 256, -1);
		for (int index = 0; index < ready; index++) {
			struct component *component = &components[batch[index].data.u32];
			ssize_t taken = recv(component->descriptor, bytes, sizeof bytes, 0);
			if (taken <= 0)
				errx(1, "the broker hung up on a component");
			size_t available = (size_t)taken;
			for (size_t start = 0; start < available;) {
				size_t length = wire->length(bytes + start, available - start);
				if (length == 0 || length > available - start)
					errx(1, "a message arrived in pieces");
				enum kind kind = wire->kind(bytes + start);
				if (kind == NOTICE) {
					*answered = nanoseconds();
					send_all(component->descriptor, wire->answer(round));
				}
				posts += kind == POST;
				start += length;
			}
		}
		if (posts == count) {
			posts = 0;
			round++;
			write(done, "", 1);
		}
	}
}

static inline int compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;
	return (a > b) - (a < b);
}

static inline double quantile(double *values, int count, double part)
{
	qsort(values, (size_t)count, sizeof *values, compare);
	return values[(int)((count - 1) * part + 0.5)];
}

static inline void wait_for_posts(int done)
{
	char byte;
	if (read(done, &byte, 1) != 1)
		errx(1, "the components are gone");
}

static inline uint64_t own_cpu_time(void)
{
	struct timespec used;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static inline void run_coordinator(const struct wire *wire, int count, int rounds, int broker,
				   int components, int done)
{
	double *gate = calloc((size_t)rounds, sizeof *gate);
	double *whole = calloc((size_t)rounds, sizeof *whole);
	double *release = calloc((size_t)rounds, sizeof *release);
	int descriptor = wire->connect_coordinator();
	int warmup = rounds / 10 + 1;
	uint64_t used = 0, used_by_gates = 0, work = 0;
	for (int round = -warmup; round < rounds; round++) {
		unsigned number = (unsigned)(round + warmup);
		if (round == 0)
			used = cpu_time(broker);
		uint64_t before = cpu_time(broker);
		uint64_t load_before = cpu_time(components) + own_cpu_time();
		uint64_t start = nanoseconds();
		send_all(descriptor, wire->gate(number));
		await(wire, descriptor, wire->opening, wire->collects ? 1 : count);
		uint64_t released = nanoseconds();
		uint64_t load_after = own_cpu_time() + cpu_time(components);
		uint64_t after = cpu_time(broker);
		uint64_t pause = nanoseconds() - released;
		send_all(descriptor, wire->complete(number));
		if (wire->confirms)
			await(wire, descriptor, COMPLETED, 1);
		wait_for_posts(done);
		if (round < 0)
			continue;
		gate[round] = (double)(released - start) / 1000;
		release[round] = (double)(released - *answered) / 1000;
		whole[round] = (double)(nanoseconds() - start - pause) / 1000;
		used_by_gates += after - before;
		work += after - before + load_after - load_before;
	}
	used = cpu_time(broker) - used;
	// Microseconds. The gate: median, 99th percentile, CPU of everybody, CPU of the broker. The
	// whole: median, CPU of the broker. From the last answer to the release: three quantiles.
	printf("%.1f %.1f %.1f %.1f %.1f %.1f %.1f %.1f %.1f\n", quantile(gate, rounds, 0.5),
	       quantile(gate, rounds, 0.99), (double)work / rounds / 1000,
	       (double)used_by_gates / rounds / 1000, quantile(whole, rounds, 0.5),
	       (double)used / rounds / 1000, quantile(release, rounds, 0.5),
	       quantile(release, rounds, 0.99), quantile(release, rounds, 0.999));
}

// The load waits its turn. Otherwise the scheduler lets whoever has used less of the CPU interrupt
// the other: the load a broker that does more than nothing, at each of a thousand messages, but not
// the one that does nothing. Components are processes of their own, and treat both alike.
static inline void interrupt_nobody(void)
{
	struct sched_param parameter = { 0 };
	sched_setscheduler(0, SCHED_BATCH, &parameter);
}

// Connects `count` components and runs `rounds`; with none, says "ready" and holds the connections
// until standard input ends.
static inline int run_load(const struct wire *wire, int count, int rounds, int broker)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	interrupt_nobody();

	share_answered();
	int done[2];
	if (pipe(done) < 0)
		err(1, "pipe");
	pid_t components = fork();
	if (components == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(done[0]);
		run_components(wire, count, done[1]);
	}
	close(done[1]);
	wait_for_posts(done[0]);
	if (rounds > 0) {
		run_coordinator(wire, count, rounds, broker, components, done[0]);
	} else {
		puts("ready");
		fflush(stdout);
		while (getchar() != EOF) {}
	}
	kill(components, SIGKILL);
	waitpid(components, NULL, 0);
	return 0;
}
