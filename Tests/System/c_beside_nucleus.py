# SPDX-License-Identifier: Apache-2.0
"""Does what aws_beside_nucleus.py does, as strictly as AWS's SDK for C, C++ and Rust.

It has one connection, and at most 16 streams. It reads frames of up to 10,000 bytes with headers
of int32 and string, and the `_errorCode` of an error. When the connection ends, so does the
process.
"""

import json
import os
import sys

from protocol import APPLICATION_ERROR, APPLICATION_MESSAGE, Connection, HungUp, message

LARGEST, MOST_STREAMS = 10_000, 16
# How long an update may take to come, in seconds: a test may first restart the daemon many times.
PATIENCE = 60


class Strict(Connection):
    def _read(self, count, deadline):
        assert count <= LARGEST - 12, f"a frame of {count + 12} bytes"
        return super()._read(count, deadline)

    def check(self, frame):
        assert all(type(value) in (int, str) for value in frame.headers.values())
        if frame.type == APPLICATION_ERROR:
            assert frame.json["_errorCode"]

    def request(self, operation, payload):
        self._latest_stream += 1
        assert self._latest_stream <= MOST_STREAMS
        operation = "aws.greengrass#" + operation
        more = {"operation": operation, "service_model_type": operation + "Request"}
        self.send(message(APPLICATION_MESSAGE, 0, self._latest_stream, payload, **more))
        return self._latest_stream

    def call(self, operation, payload):
        return self.next_on(self.request(operation, payload))

    def subscribe(self, operation, payload):
        stream = self.request(operation, payload)
        assert self.next_on(stream).type == APPLICATION_MESSAGE
        return stream


def say(**line):
    print(json.dumps(line), flush=True)


def run():
    path = os.environ["AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT"]
    connection = Strict.open(path).connect(os.environ["SVCUID"])
    state = connection.call("UpdateState", {"state": "RUNNING"})
    say(state=state.headers["service-model-type"].removeprefix("aws.greengrass#"))
    configuration = connection.call("GetConfiguration", {}).json
    say(component=configuration["componentName"], value=configuration["value"])
    pictures = connection.subscribe("SubscribeToTopic", {"topic": "pictures"})
    updates = connection.subscribe("SubscribeToComponentUpdates", {})
    say(refused=connection.call("ListComponents", {}).json["_errorCode"])
    text = {"jsonMessage": {"message": {"text": "one"}}}
    connection.call("PublishToTopic", {"topic": "pictures", "publishMessage": text})
    say(received=connection.next_on(pictures).json["jsonMessage"]["message"])
    say(ready=True)
    for answer in [300, 0]:
        event = connection.next_on(updates, PATIENCE).json
        update = event["preUpdateEvent"]["deploymentId"]
        request = {"deploymentId": update, "recheckAfterMs": answer}
        assert connection.call("DeferComponentUpdate", request).type == APPLICATION_MESSAGE
        say(pre=update, answered=answer)
    say(post=connection.next_on(updates).json["postUpdateEvent"]["deploymentId"])
    connection.close()


try:
    run()
except HungUp:
    sys.exit("the connection has ended")
