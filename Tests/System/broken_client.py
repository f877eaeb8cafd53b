# SPDX-License-Identifier: Apache-2.0
"""A component that is wrong in one way: broken_client.py FAULT"""

import os
import pathlib
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Protocol/conformance"))

from eventstream import APPLICATION_MESSAGE, CONNECT, CONNECT_ACK, Decoder, message

FAULT = sys.argv[1]


def request(client, stream, operation, payload):
    operation = "aws.greengrass#" + operation
    client.sendall(message(APPLICATION_MESSAGE, 0, stream, payload, operation=operation))


def run(client):
    client.connect(os.environ["AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT"])
    client.sendall(message(CONNECT, payload={"authToken": os.environ["SVCUID"]}, version="0.1.0"))
    decoder, stream = Decoder(), 1
    while data := client.recv(65536):
        if FAULT == "checks no checksum":
            data = data.replace(b"Damaged", b"damaged")
        decoder.append(data)
        for frame in iter(decoder.next, None):
            if frame.type == CONNECT_ACK:
                request(client, stream, "SubscribeToComponentUpdates", {})
            elif b"preUpdateEvent" in frame.payload:
                update = frame.json["preUpdateEvent"]["deploymentId"]
                if FAULT == "cleans up ids":
                    update = update.encode("ascii", "replace").decode()
                stream += 1
                answer = {"deploymentId": update, "recheckAfterMs": 0}
                request(client, stream, "DeferComponentUpdate", answer)


while True:
    with socket.socket(socket.AF_UNIX) as opened:
        run(opened)
    if FAULT == "never comes back":
        threading.Event().wait()
