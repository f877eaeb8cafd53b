# SPDX-License-Identifier: Apache-2.0
"""AWS's own client, unmodified, on one connection that the nucleus and Reprieve both serve.

Publishes, receives, reads its configuration and defers an update. Prints what happens as lines of
JSON.
"""

import json
import sys
import threading

from awsiot.greengrasscoreipc import model
from awsiot.greengrasscoreipc.clientv2 import GreengrassCoreIPCClientV2

printing = threading.Lock()
over = threading.Event()
received = threading.Event()
answers = [300, 0]


def say(**line):
    with printing:
        print(json.dumps(line), flush=True)


def on_message(event):
    say(received=event.json_message.message)
    received.set()


def on_error(error):
    say(error=str(error))


def on_update(event):
    if pre := event.pre_update_event:
        answer = answers.pop(0)
        # Said first: the SDK runs each event in a thread of its own, and the next may be faster.
        say(pre=pre.deployment_id, answered=answer)
        client.defer_component_update(deployment_id=pre.deployment_id, recheck_after_ms=answer)
    if post := event.post_update_event:
        say(post=post.deployment_id)
        over.set()


client = GreengrassCoreIPCClientV2()
say(state=type(client.update_state(state="RUNNING")).__name__)
configuration = client.get_configuration()
say(component=configuration.component_name, value=configuration.value)
client.subscribe_to_topic(
    topic="pictures", on_stream_event=on_message, on_stream_error=on_error
)
client.subscribe_to_component_updates(on_stream_event=on_update, on_stream_error=on_error)
try:
    client.list_components()
except model.ServiceError as error:
    say(refused=type(error).__name__, why=error.message)
message = model.PublishMessage(json_message=model.JsonMessage(message={"text": "one"}))
client.publish_to_topic(topic="pictures", publish_message=message)
if not received.wait(10):
    sys.exit("nothing was received")
say(ready=True)
if not over.wait(30):
    sys.exit("no post event in 30 s")
client.close()
