#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A component written for AWS IoT Greengrass, with the AWS IoT Device SDK as it is.

    python3 -m pip install awsiotsdk
    Samples/aws-sdk-component/component.py [NAME [SECONDS]]

It knows nothing of Reprieve: it is busy for some seconds, and says so to the broker at the
socket. The two variables that Greengrass sets are all that it needs:
AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT and SVCUID. NAME is only shown.
"""

import sys
import threading
import time

from awsiot.greengrasscoreipc.clientv2 import GreengrassCoreIPCClientV2

NAME = sys.argv[1] if len(sys.argv) > 1 else "com.example.Till"
BUSY_UNTIL = time.monotonic() + (float(sys.argv[2]) if len(sys.argv) > 2 else 0)


def say(text):
    print(f"[{NAME}] {text}", flush=True)


def run():
    """One connection, until it breaks. The SDK does not reconnect by itself."""
    client = GreengrassCoreIPCClientV2()
    closed = threading.Event()

    def on_event(event):
        if event.pre_update_event:
            left = BUSY_UNTIL - time.monotonic()
            if left > 0:
                say(f"an update wants to start: not now, I have a customer for {left:.0f} s more")
            else:
                say("an update wants to start: I am ready")
            client.defer_component_update(
                deployment_id=event.pre_update_event.deployment_id,
                recheck_after_ms=int(left * 1000) + 1 if left > 0 else 0,
                message="serving a customer" if left > 0 else None,
            )
        if event.post_update_event:
            say("the update is over")

    try:
        client.update_state(state="RUNNING")
        client.subscribe_to_component_updates(
            on_stream_event=on_event,
            on_stream_error=lambda error: say(f"the broker answers: {error}"),
            on_stream_closed=closed.set,
        )
        say("waiting for updates")
        closed.wait()
    finally:
        client.close()


try:
    while True:
        try:
            run()
            say("the broker hung up; trying again in a second")
        except Exception as error:  # whatever it is, the till goes on without a broker
            say(f"{error}; trying again in a second")
        time.sleep(1)
except KeyboardInterrupt:
    pass
