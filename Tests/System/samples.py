# SPDX-License-Identifier: Apache-2.0
"""The samples as programs to start, and a broker without rules to feed them with."""

import functools
import importlib.util
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import pytest
from daemon import BUILD, ROOT
from protocol import (
    ACCEPTED,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    TIMEOUT,
    Connection,
    Frame,
    decode_headers,
    message,
)

SAMPLES = ROOT / "Samples"
NAME = "com.example.It"
EVENTS = "aws.greengrass#ComponentUpdatePolicyEvents"


def plain_python():
    return [sys.executable, SAMPLES / "python-component/component.py", NAME]


def aws_sdk():
    if importlib.util.find_spec("awsiot") is None:
        pytest.skip("awsiotsdk is not installed; Tests/run.sh installs it")
    return [sys.executable, SAMPLES / "aws-sdk-component/component.py", NAME]


def swift():
    if not (BUILD / "sample-component").exists():
        pytest.skip("sample-component is not built")
    return [BUILD / "sample-component", NAME]


@functools.cache
def directory_of_builds():
    return tempfile.TemporaryDirectory(prefix="reprieve-samples-")


@functools.cache
def c(*options):
    """Built as its first lines say, but with more warnings, each of them an error."""
    program = pathlib.Path(directory_of_builds().name) / "-".join(["c", *options]).replace("=", "-")
    source = SAMPLES / "c-component/component.c"
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
    subprocess.run(["cc", *warnings, *options, "-o", program, source], check=True, timeout=60)
    return [program, NAME]


def sanitized_c():
    """Stops at the first read or write out of place, overflow, or other undefined behaviour."""
    return c("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def shell():
    return [SAMPLES / "shell-component/component.sh", NAME]


# The words before the seconds that a component is busy.
COMPONENTS = {
    "plain Python": plain_python,
    "AWS SDK": aws_sdk,
    "Swift": swift,
    "C": functools.partial(c, "-O2"),
    "shell": shell,
}


def environment(socket, **more):
    """What a component's environment says: where the broker is, and who it is itself."""
    return {
        "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": str(socket),
        "SVCUID": NAME,
        "PATH": f"{BUILD}:{os.environ['PATH']}",
    } | more


class Accepted(Connection):
    """A component's connection, seen from the broker."""

    def receive(self):
        """The next frame. Clients may omit headers that a broker may not."""
        deadline = time.monotonic() + TIMEOUT
        prelude = self._read(12, deadline)
        total, length, checksum = struct.unpack(">III", prelude)
        assert zlib.crc32(prelude[:8]) == checksum
        rest = self._read(total - 12, deadline)
        assert zlib.crc32(prelude + rest[:-4]) == struct.unpack(">I", rest[-4:])[0]
        return Frame(decode_headers(rest[:length]), rest[length:-4])


class PuppetBroker:
    """Accepts one component, and sends it whatever a test wants, in whatever pieces."""

    def __init__(self, path):
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(path))
        self._listening.listen()
        self._listening.settimeout(TIMEOUT)
        self._connection = None

    def close(self):
        if self._connection:
            self._connection.close()
        self._listening.close()

    def accept(self, flags=ACCEPTED, piece=65536):
        """The handshake."""
        if self._connection:
            self._connection.close()
        self._connection = Accepted(self._listening.accept()[0])
        assert self.receive().type == CONNECT
        self.send(message(CONNECT_ACK, flags), piece)

    def subscribe(self, piece=65536):
        """The handshake and the subscription."""
        self.accept(piece=piece)
        request = self.receive()
        assert request.headers["operation"] == "aws.greengrass#SubscribeToComponentUpdates"
        self.event({}, piece, model="aws.greengrass#SubscribeToComponentUpdatesResponse")

    def event(self, body, piece=65536, model=EVENTS):
        more = {":content-type": "application/json", "service-model-type": model}
        self.send(message(APPLICATION_MESSAGE, 0, 1, body, **more), piece)

    def notice(self, deployment, piece=65536):
        notice = {"deploymentId": deployment, "isGgcRestarting": False, "round": 1}
        self.event({"preUpdateEvent": notice}, piece)

    def send(self, data, piece=65536):
        for start in range(0, len(data), piece):
            self._connection.send(data[start : start + piece])

    def receive(self):
        return self._connection.receive()

    def answer(self, deployment):
        """The component's answer to a notice."""
        frame = self.receive()
        assert frame.headers["operation"] == "aws.greengrass#DeferComponentUpdate"
        assert frame.json["deploymentId"] == deployment
        return frame.json["recheckAfterMs"]

    def has_hung_up(self):
        """Whether the component does."""
        return self._connection.ends()
