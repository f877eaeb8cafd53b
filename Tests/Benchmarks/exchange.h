// SPDX-License-Identifier: Apache-2.0

// What passes between epoll-broker and its load: messages of the lengths that the same messages
// have between reprieved and its peers, each a length, a kind, and bytes that nobody looks at.

#pragma once

#include <err.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum kind {
	OTHER, SUBSCRIBE, SUBSCRIBED, GATE, ATTACHED, NOTICE, ANSWER, GRANTED, RELEASED,
	COMPLETE, COMPLETED, POST,
};

enum {
	SUBSCRIBE_LENGTH = 232,
	SUBSCRIBED_LENGTH = 178,
	GATE_LENGTH = 240,
	NOTICE_LENGTH = 341,
	ANSWER_LENGTH = 293,
	GRANTED_LENGTH = 207,
	COMPLETE_LENGTH = 270,
	COMPLETED_LENGTH = 159,
	POST_LENGTH = 263,
};

// The answer to a gate and its release name every component.
#define LIST_LENGTH(components) (280 + 20 * (size_t)(components))

static inline size_t message_length(const uint8_t *bytes)
{
	uint32_t length;
	memcpy(&length, bytes, sizeof length);
	return length;
}

static inline enum kind message_kind(const uint8_t *bytes)
{
	return bytes[4];
}

static inline void fill_message(uint8_t *bytes, enum kind kind, size_t length)
{
	uint32_t prefix = (uint32_t)length;
	memcpy(bytes, &prefix, sizeof prefix);
	bytes[4] = (uint8_t)kind;
}

static inline struct sockaddr_un unix_address(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		errx(64, "%s: too long for a socket", path);
	strcpy(address.sun_path, path);
	return address;
}

static inline int listen_at(const char *path)
{
	struct sockaddr_un address = unix_address(path);
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(path);
	if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0
	    || listen(descriptor, SOMAXCONN) < 0)
		err(1, "%s", path);
	return descriptor;
}

static inline int connect_to(const char *path)
{
	struct sockaddr_un address = unix_address(path);
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0)
		return descriptor;
	close(descriptor);
	return -1;
}
