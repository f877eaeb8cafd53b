// SPDX-License-Identifier: Apache-2.0

// Gate rounds through a D-Bus broker: notice and post are signals, an answer is a call to the
// coordinator, which replies to it as reprieved does. The messages are as long as reprieved's.
// Nothing collects the answers, so the coordinator gets every one.
//
//     dbus-round SOCKET COMPONENTS ROUNDS BROKER-PID

#include "rounds.h"

enum { METHOD_CALL = 1, METHOD_RETURN = 2, ERROR = 3, SIGNAL = 4 };
enum { PATH = 1, INTERFACE = 2, MEMBER = 3, REPLY_SERIAL = 5, DESTINATION = 6, SENDER = 7 };
enum { SIGNATURE = 8 };
enum { NO_REPLY_EXPECTED = 1 };

#define COORDINATOR "com.example.Nucleus"
#define BUS "org.freedesktop.DBus"

static const char *place;

struct message {
	uint8_t bytes[1 << 10];
	size_t length;
};

static void align(struct message *message, size_t to)
{
	while (message->length % to != 0)
		message->bytes[message->length++] = 0;
}

static void put_number(struct message *message, uint32_t number)
{
	align(message, 4);
	memcpy(message->bytes + message->length, &number, 4);
	message->length += 4;
}

static void put_text(struct message *message, const char *text, size_t length)
{
	put_number(message, (uint32_t)length);
	memcpy(message->bytes + message->length, text, length);
	message->length += length;
	message->bytes[message->length++] = 0;
}

static void put_field(struct message *message, int field, char type, const char *text)
{
	if (!text)
		return;
	align(message, 8);
	uint8_t head[] = { (uint8_t)field, 1, (uint8_t)type, 0 };
	memcpy(message->bytes + message->length, head, sizeof head);
	message->length += sizeof head;
	if (type == 'g') {
		message->bytes[message->length++] = (uint8_t)strlen(text);
		message->length += (size_t)sprintf((char *)message->bytes + message->length, "%s", text) + 1;
	} else {
		put_text(message, text, strlen(text));
	}
}

static void begin(struct message *message, int type, int flags, const char *destination,
		  const char *interface, const char *member, const char *signature)
{
	*message = (struct message){ { 'l', (uint8_t)type, (uint8_t)flags, 1 }, 16 };
	message->bytes[8] = 1;
	if (type == METHOD_RETURN) {
		uint8_t head[] = { REPLY_SERIAL, 1, 'u', 0, 1, 0, 0, 0 };
		memcpy(message->bytes + message->length, head, sizeof head);
		message->length += sizeof head;
	} else {
		put_field(message, PATH, 'o', "/com/example/Nucleus");
	}
	put_field(message, INTERFACE, 's', interface);
	put_field(message, MEMBER, 's', member);
	put_field(message, DESTINATION, 's', destination);
	put_field(message, SIGNATURE, 'g', signature);
	uint32_t fields = (uint32_t)message->length - 16;
	memcpy(message->bytes + 12, &fields, 4);
	align(message, 8);
}

static struct bytes end(struct message *message, size_t body)
{
	uint32_t length = (uint32_t)(message->length - body);
	memcpy(message->bytes + 4, &length, 4);
	return (struct bytes){ message->bytes, message->length };
}

static uint32_t number_at(const uint8_t *bytes)
{
	uint32_t number;
	memcpy(&number, bytes, 4);
	return number;
}

// Where the text of a field is.
static const char *field_text(const uint8_t *bytes, int field)
{
	size_t end = 16 + number_at(bytes + 12);
	for (size_t start = 16; start < end; start = (start + 7u) & ~7u) {
		const uint8_t *value = bytes + start + 4;
		if (bytes[start] == field)
			return (const char *)value + 4;
		switch (bytes[start + 2]) {
		case 'u': start += 8; break;
		case 'g': start += 4 + value[0] + 2u; break;
		default: start += 8 + number_at(value) + 1; break;
		}
	}
	errx(1, "a message without field %d", field);
}

// The reply to a call, of which all have the serial number 1.
static void grant(int descriptor, const uint8_t *answer)
{
	struct message message;
	char text[1 << 10];
	begin(&message, METHOD_RETURN, NO_REPLY_EXPECTED, field_text(answer, SENDER), NULL, NULL, "s");
	size_t body = message.length;
	memset(text, 'g', sizeof text);
	put_text(&message, text, GRANTED_LENGTH - body - 5);
	send_all(descriptor, end(&message, body));
}

// A message of a given length all in all, whose text begins with a letter that tells its kind.
static struct bytes padded(int type, int flags, const char *destination, const char *member,
			   char letter, size_t length)
{
	static struct message message;
	char text[1 << 10];
	begin(&message, type, flags, destination, "com.example.Gate", member, "s");
	size_t body = message.length;
	memset(text, letter, sizeof text);
	put_text(&message, text, length - body - 5);
	return end(&message, body);
}

static size_t body_start(const uint8_t *bytes)
{
	return 16 + ((number_at(bytes + 12) + 7u) & ~7u);
}

static size_t length(const uint8_t *bytes, size_t available)
{
	return available < 16 ? 0 : body_start(bytes) + number_at(bytes + 4);
}

static enum kind kind(const uint8_t *bytes)
{
	switch (bytes[body_start(bytes) + 4]) {
	case 'n': return NOTICE;
	case 'a': return ANSWER;
	case 'p': return POST;
	default: return OTHER;
	}
}

static void call_bus(int descriptor, const char *member, const char *text, int flags)
{
	struct message message;
	begin(&message, METHOD_CALL, 0, BUS, BUS, member, flags >= 0 ? "su" : text ? "s" : NULL);
	size_t body = message.length;
	if (text)
		put_text(&message, text, strlen(text));
	if (flags >= 0)
		put_number(&message, (uint32_t)flags);
	send_all(descriptor, end(&message, body));
	uint8_t reply[1 << 10];
	do {
		if (recv(descriptor, reply, 16, MSG_WAITALL) != 16
		    || recv(descriptor, reply + 16, length(reply, 16) - 16, MSG_WAITALL) < 0)
			err(1, "%s", member);
		if (reply[1] == ERROR)
			errx(1, "%s: %s", member, (char *)reply + body_start(reply) + 4);
	} while (reply[1] != METHOD_RETURN);
}

static int connect_bus(void)
{
	char line[256], user[16];
	int descriptor = connect_to(place);
	if (descriptor < 0)
		err(1, "%s", place);
	int used = snprintf(user, sizeof user, "%u", geteuid());
	int end = snprintf(line, sizeof line, "%cAUTH EXTERNAL ", 0);
	for (int index = 0; index < used; index++)
		end += sprintf(line + end, "%02x", user[index]);
	end += sprintf(line + end, "\r\n");
	send_all(descriptor, (struct bytes){ (uint8_t *)line, (size_t)end });
	if (recv(descriptor, line, sizeof line, 0) < 3 || memcmp(line, "OK ", 3) != 0)
		errx(1, "not let in");
	send_all(descriptor, (struct bytes){ (uint8_t *)"BEGIN\r\n", 7 });
	call_bus(descriptor, "Hello", NULL, -1);
	return descriptor;
}

static int connect_component(int number)
{
	(void)number;
	int descriptor = connect_bus();
	call_bus(descriptor, "AddMatch", "type='signal',interface='com.example.Gate'", -1);
	return descriptor;
}

static int connect_coordinator(void)
{
	int descriptor = connect_bus();
	call_bus(descriptor, "RequestName", COORDINATOR, 0);
	return descriptor;
}

static struct bytes gate(unsigned round)
{
	(void)round;
	return padded(SIGNAL, NO_REPLY_EXPECTED, NULL, "Notice", 'n', NOTICE_LENGTH);
}

static struct bytes answer(unsigned round)
{
	static struct bytes answer;
	static uint8_t bytes[1 << 10];
	if (round == 0 && answer.length == 0) {
		answer = padded(METHOD_CALL, 0, COORDINATOR, "Answer", 'a', ANSWER_LENGTH);
		answer.start = memcpy(bytes, answer.start, answer.length);
	}
	return answer;
}

static struct bytes complete(unsigned round)
{
	(void)round;
	return padded(SIGNAL, NO_REPLY_EXPECTED, NULL, "Post", 'p', POST_LENGTH);
}

static const struct wire dbus_wire = {
	connect_component, connect_coordinator, length, kind, gate, answer, complete,
	ANSWER, false, false, grant,
};

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(64, "usage: dbus-round SOCKET COMPONENTS ROUNDS BROKER-PID");
	place = argv[1];
	return run_load(&dbus_wire, atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
}
