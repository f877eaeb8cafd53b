// SPDX-License-Identifier: Apache-2.0

// The least that a broker can do: what a gate round costs when nothing is checked, remembered or
// decided. It moves as many messages as reprieved, of the same sizes, in the same order, and knows
// no more of one than its length and its kind.
//
//     epoll-broker SOCKET

#include <err.h>
#include <signal.h>
#include <sys/epoll.h>

#include "exchange.h"

enum { MAXIMUM_DESCRIPTORS = 65536, BATCH = 256 };

static int components[MAXIMUM_DESCRIPTORS];
static int count;
static int coordinator;
static int answers;

static void send_message(int descriptor, enum kind kind, size_t length)
{
	static uint8_t bytes[1 << 20];
	fill_message(bytes, kind, length);
	if (send(descriptor, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
		err(1, "send");
}

static void tell_everyone(enum kind kind, size_t length)
{
	for (int index = 0; index < count; index++)
		send_message(components[index], kind, length);
}

static void handle(int descriptor, enum kind kind)
{
	switch (kind) {
	case SUBSCRIBE:
		components[count++] = descriptor;
		send_message(descriptor, SUBSCRIBED, SUBSCRIBED_LENGTH);
		break;
	case GATE:
		coordinator = descriptor;
		answers = 0;
		send_message(descriptor, ATTACHED, LIST_LENGTH(count));
		tell_everyone(NOTICE, NOTICE_LENGTH);
		break;
	case ANSWER:
		send_message(descriptor, GRANTED, GRANTED_LENGTH);
		if (++answers == count)
			send_message(coordinator, RELEASED, LIST_LENGTH(count));
		break;
	case COMPLETE:
		send_message(descriptor, COMPLETED, COMPLETED_LENGTH);
		tell_everyone(POST, POST_LENGTH);
		break;
	default:
		errx(1, "a message of kind %d", kind);
	}
}

static void hang_up(int descriptor)
{
	for (int index = 0; index < count; index++)
		if (components[index] == descriptor)
			components[index--] = components[--count];
	close(descriptor);
}

static void serve(int descriptor)
{
	static uint8_t bytes[1 << 16];
	ssize_t taken = recv(descriptor, bytes, sizeof bytes, 0);
	if (taken <= 0) {
		hang_up(descriptor);
		return;
	}
	for (ssize_t start = 0; start < taken; start += message_length(bytes + start))
		handle(descriptor, message_kind(bytes + start));
}

static void watch(int epoll, int descriptor)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = descriptor };
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) < 0)
		err(1, "epoll_ctl");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(64, "usage: epoll-broker SOCKET");
	int listening = listen_at(argv[1]);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll, listening);
	for (;;) {
		struct epoll_event batch[BATCH];
		int ready = epoll_wait(epoll, batch, BATCH, -1);
		for (int index = 0; index < ready; index++) {
			if (batch[index].data.fd == listening)
				watch(epoll, accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
			else
				serve(batch[index].data.fd);
		}
	}
}
