# SPDX-License-Identifier: Apache-2.0
"""AWS's own client, unmodified, in a process of its own. Prints what happens as lines of JSON.

    aws_component.py [MILLISECONDS...]

Answers the first notices with the deferrals that it is given, and the next one with 0. Connects by
the two environment variables that Greengrass sets, and by nothing else.
"""

import json
import sys
import threading

from awsiot.greengrasscoreipc import model
from awsiot.greengrasscoreipc.clientv2 import GreengrassCoreIPCClientV2

answers = [int(argument) for argument in sys.argv[1:]] + [0]
printing = threading.Lock()
over = threading.Event()
closed = threading.Event()


def say(**line):
    with printing:
        print(json.dumps(line), flush=True)


def on_event(event):
    if pre := event.pre_update_event:
        answer = answers.pop(0)
        say(pre=pre.deployment_id, isGgcRestarting=pre.is_ggc_restarting)
        try:
            client.defer_component_update(
                deployment_id="not-" + pre.deployment_id, recheck_after_ms=1
            )
        except model.ServiceError as error:
            say(refused="ServiceError", message=error.message)
        try:
            client.defer_component_update(deployment_id=pre.deployment_id, recheck_after_ms=-1)
        except model.InvalidArgumentsError as error:
            say(refused="InvalidArgumentsError", message=error.message)
        response = client.defer_component_update(
            deployment_id=pre.deployment_id, recheck_after_ms=answer, message="busy"
        )
        say(answered=answer, response=type(response).__name__)
    if post := event.post_update_event:
        say(post=post.deployment_id)
        over.set()


def on_error(error):
    say(streamError=repr(error))


client = GreengrassCoreIPCClientV2()
say(state=type(client.update_state(state="RUNNING")).__name__)
try:
    client.get_configuration()
except model.ServiceError as error:
    say(unsupported=error.message)
response, operation = client.subscribe_to_component_updates(
    on_stream_event=on_event,
    on_stream_error=on_error,
    on_stream_closed=closed.set,
)
say(subscribed=type(response).__name__)
if not over.wait(30):
    sys.exit("no post event in 30 s")
operation.close().result(10)
# The SDK calls back in threads, and complains when it is closed before they are through.
closed.wait(10)
client.close()
say(closed=True)
