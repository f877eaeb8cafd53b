# SPDX-License-Identifier: Apache-2.0
"""Attacks with connections: how many, how long, and what they hold."""

import os
import signal
import socket
import time

from attacks.attack import attack
from attacks.hostile import connect, defer, request, subscribe
from protocol import PING, message

HALF = message(PING, payload=b"x" * 60_000)[:-1]

PROPERTIES = {"known", "descriptors", "least", "groups", "upstream"}


def flood(name, tries, data, **options):
    """An attack that only sends."""
    properties = {one: options.pop(one) for one in PROPERTIES & options.keys()}

    def run(hostile):
        hostile.flood(data, **options)

    run.__name__, run.__doc__ = name, tries
    attack(**properties)(run)


flood("silent_connections", "Opens 2,000 connections and says nothing.", b"", connections=2_000)
flood("connections_with_connect", "Opens 2,000 connections and connects.", connect(),
      connections=2_000)  # fmt: skip
flood("half_a_connect", "Opens 2,000 connections, each with half a CONNECT.", connect()[:-7],
      connections=2_000)  # fmt: skip
flood("half_frames", "Holds frames of 60 KB without their last byte on 1,000 connections.",
      connect() + HALF, connections=1_000)  # fmt: skip
flood("half_frames_before_connect", "Holds such frames before any CONNECT.", HALF,
      connections=1_000)  # fmt: skip
flood("connection_churn", "Connects and hangs up as fast as it can.", connect(), churns=True)
flood("empty_churn", "Opens and closes connections as fast as it can.", b"", churns=True)
flood("denied_in_a_loop", "Is denied over and over, to fill the log.", connect(), churns=True,
      connections=50, known=False)  # fmt: skip
flood("denied_by_its_name", "Claims names with escapes, each of which is denied.",
      lambda number: connect(f"\x1b[2J{number}"), churns=True, connections=20)  # fmt: skip
flood("unread_pings", "Sends pings and reads no answer.", connect(),
      again=message(PING, payload=b"x" * 8_000) * 8, connections=200, reads=False)  # fmt: skip
flood("unread_answers", "Sends requests and reads no answer.",
      connect() + b"".join(request(one, "x#Unknown") for one in range(1, 2_000)),
      connections=200, reads=False)  # fmt: skip
flood("tiny_writes", "Sends its frames byte by byte over 100 connections.",
      connect() + message(PING) * 100, connections=100, piece=1)  # fmt: skip
flood("many_pings", "Sends pings and reads the answers.", connect(), again=message(PING) * 500,
      connections=20)  # fmt: skip
flood("few_descriptors", "Fills a daemon of 256 descriptors.", b"", connections=400,
      descriptors=256)  # fmt: skip
flood("more_descriptors", "Fills a daemon of 1,024 descriptors.", connect(), connections=1_500,
      descriptors=1_024)  # fmt: skip


@attack()
def requests_at_once_then_reading(hostile):
    """Writes 585 requests at once, and then reads."""
    data = connect() + b"".join(request(one, "aws.greengrass#UpdateState")
                                for one in range(1, 586))  # fmt: skip
    while hostile.on():
        for stream in hostile.gather(data, 4):
            stream.read()
            stream.socket.close()


@attack()
def passed_descriptors(hostile):
    """Passes descriptors to the daemon with SCM_RIGHTS, to have it keep them."""
    null = os.open("/dev/null", os.O_RDONLY)
    streams = hostile.gather(connect(), 20)
    while hostile.on():
        for stream in streams:
            try:
                socket.send_fds(stream.socket, [message(PING)], [null] * 50)
                stream.read()
            except OSError:
                time.sleep(0.001)


@attack()
def datagrams(hostile):
    """Sends datagrams to the sockets' paths, and to their names in the abstract namespace."""
    one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    while hostile.on():
        for path in (hostile.path, hostile.control, "\0" + hostile.path):
            try:
                one.sendto(b"READY=1\nSTOPPING=1", path)
            except OSError:
                pass


@attack()
def abstract_names(hostile):
    """Listens at the sockets' names in the abstract namespace."""
    for path in (hostile.path, hostile.control):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
            try:
                one.bind("\0" + path)
            except OSError:
                pass
    hostile.rest()


@attack()
def control_socket(hostile):
    """Tries to open the control socket, over and over."""
    while hostile.on():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
            try:
                one.connect(hostile.control)
                os.abort()
            except PermissionError:
                pass


@attack()
def links_in_its_directory(hostile):
    """Tries to put links and FIFOs in place of the daemon's sockets and files."""
    while hostile.on():
        for path in (hostile.path, hostile.control, hostile.directory + "/state/x"):
            for spoil in (os.unlink, os.mkfifo, lambda path: os.symlink("/etc/passwd", path)):
                try:
                    spoil(path)
                except OSError:
                    pass


@attack()
def the_daemons_process(hostile):
    """Tries to signal the daemon, and to read and write it through /proc."""
    while hostile.on():
        for name in ("mem", "fd/0", "environ", "oom_score_adj", "root/etc"):
            try:
                os.open(f"/proc/{hostile.daemon}/{name}", os.O_RDWR)
            except OSError:
                pass
        try:
            os.kill(hostile.daemon, signal.SIGTERM)
        except PermissionError:
            pass


@attack()
def stopped_subscribers(hostile):
    """Subscribes over 100 connections, and is stopped."""
    hostile.gather(lambda one: connect(f"stopped.n{one}") + subscribe(), 100)
    os.kill(os.getpid(), signal.SIGSTOP)


flood("forged_control", "Asks for control operations on the component socket.",
      connect() + b"".join(
          request(one, f"reprieve#{name}", {"deploymentId": "broad-1", "reason": "x"})
          for one, name in enumerate(["ForceUpdate", "CancelUpdate", "CompleteUpdate",
                                      "GateUpdate", "GetStatus"] * 100, 1)
      ), connections=10, churns=True)  # fmt: skip
flood("guessed_tokens", "Guesses tokens in a loop.",
      lambda number: connect(None, authToken=f"{number:026d}"), connections=20,
      churns=True)  # fmt: skip
flood("answers_before_connect", "Answers before its CONNECT.", defer(1, "broad-1", 0),
      connections=20, churns=True)  # fmt: skip
