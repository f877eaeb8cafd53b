# SPDX-License-Identifier: Apache-2.0
"""reprieve-permit against FleetLock servers, good and bad."""

import json
import os
import pathlib
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time

import pytest
from daemon import temporary_directory
from expect import CAMERA, history
from permit import NAME, VETO, Certificates, FleetLock, Permit, Proxy, free_port, until
from processes import Program
from protocol import TIMEOUT

pytestmark = pytest.mark.permit
REBOOT = {"disruption": "reboot"}


@pytest.fixture
def daemon(start):
    return start(*VETO)


@pytest.fixture
def server():
    server = FleetLock()
    yield server
    server.stop()


@pytest.fixture
def make(directory, daemon):
    """Starts the program, which has no slot to give back of an earlier life."""
    permits = []

    def make(server, **settings):
        permit = Permit(directory, daemon, server, **settings)
        record = {"boot": "", "isClaimed": False, "updates": [], "withoutPermit": []}
        (permit.state / "state.json").write_text(json.dumps(record))
        permits.append(permit)
        return permit.start()

    yield make
    for permit in permits:
        permit.kill()


def deferral(daemon, id="d-1", timeout=TIMEOUT):
    """Waits until the permit defers, and returns its message."""

    def message():
        for update in daemon.coordinator().status()["updates"]:
            for one in update["participants"]:
                if (one["component"], one["state"]) == (NAME, "deferred"):
                    return one["message"]

    return until(message, timeout)


def subscribed(daemon):
    return NAME in [one["component"] for one in daemon.coordinator().status()["components"]]


def still_waits(daemon, id="d-1"):
    states = {one["deploymentId"]: one["state"] for one in daemon.coordinator().status()["updates"]}
    return states.get(id) == "waiting"


# A good server


def test_the_slot_is_held_from_release_until_the_device_is_steady(daemon, make, server):
    permit = make(server.url)
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d-1", **REBOOT)
    assert gate.released()["basis"] == "consent"
    assert server.holders == {"this-device"}
    path, headers, body = server.requests[0]
    assert path == "/base/v1/pre-reboot" and headers["fleet-lock-protocol"] == "true"
    assert json.loads(body) == {"client_params": {"id": "this-device", "group": "default"}}
    assert permit.record()["updates"] == ["d-1"]
    assert not server.gives_back()
    coordinator.complete("d-1")
    until(lambda: not server.holders)
    until(lambda: not permit.record()["isClaimed"])


def test_an_update_of_components_needs_no_slot(daemon, make, server):
    make(server.url)
    assert daemon.coordinator().gate("d-1", components=[NAME]).released()["basis"] == "consent"
    assert not server.requests


def test_a_full_server_is_asked_calmly_and_its_holder_named(daemon, make, server):
    server.holders = {"till-3"}
    make(server.url, Retry="1s")
    gate = daemon.coordinator().gate("d-1", **REBOOT)
    assert "till-3" in deferral(daemon)
    begun, asked = time.monotonic(), len(server.claims())
    until(lambda: len(server.claims()) == asked + 2)
    # Each attempt comes a second or more after the one before.
    assert time.monotonic() - begun >= 1
    server.holders = set()
    assert gate.released()["basis"] == "consent"


def test_a_full_server_is_asked_for_as_long_as_it_takes(daemon, make, server):
    """An update has no more than eight final askings that another component is sent back from."""
    server.holders = {"till-3"}
    make(server.url, Retry="100ms")
    camera = daemon.component(CAMERA, confirm=True)
    gate = daemon.coordinator().gate("d-1", **REBOOT)
    camera.notice()
    camera.acknowledge("d-1")
    until(lambda: len(server.claims()) >= 20)
    server.holders = set()
    final = camera.notice()
    assert final["final"], "the camera was never sent back to work"
    camera.acknowledge("d-1", round=final["round"])
    assert gate.released()["basis"] == "consent"


def test_the_slot_is_given_back_at_once_when_another_defers(daemon, make, server):
    make(server.url)
    camera = daemon.component(CAMERA, confirm=True)
    daemon.coordinator().gate("d-1", **REBOOT)
    camera.notice()
    camera.acknowledge("d-1")
    final = camera.notice()
    assert final["final"] and server.holders == {"this-device"}
    camera.defer("d-1", 60_000, round=final["round"], message="recording")
    until(lambda: not server.holders)


def test_a_cancelled_update_gives_the_slot_back(daemon, make, server):
    make(server.url)
    camera = daemon.component(CAMERA, confirm=True)
    coordinator = daemon.coordinator()
    coordinator.gate("d-1", **REBOOT)
    camera.notice()
    camera.acknowledge("d-1")
    assert camera.notice()["final"]
    daemon.coordinator().cancel("d-1")
    until(lambda: not server.holders)


def test_a_failed_update_keeps_the_slot_until_the_operator_gives_it_back(daemon, make, server):
    permit = make(server.url)
    coordinator = daemon.coordinator()
    coordinator.gate("d-1", **REBOOT).released()
    coordinator.complete("d-1", "failed")
    until(lambda: permit.record().get("kept"))
    assert "d-1 ended as failed" in permit.command("status")[1]
    assert server.holders == {"this-device"}
    code, output, _ = permit.command("release")
    assert code == 0 and "gives the slot back" in output
    until(lambda: not server.holders)
    until(lambda: not permit.record()["isClaimed"])


def test_the_health_command_says_when_the_device_is_steady(daemon, make, server, directory):
    healthy, checks = f"{directory}/healthy", pathlib.Path(directory) / "checks"
    script = pathlib.Path(directory) / "is-healthy"
    script.write_text(f"#!/bin/sh\necho >>{checks}\ntest -e {healthy}\n")
    script.chmod(0o755)
    make(server.url, HealthCommand=script)
    coordinator = daemon.coordinator()
    coordinator.gate("d-1", **REBOOT).released()
    coordinator.complete("d-1")
    until(lambda: checks.exists() and len(checks.read_text()) >= 2)
    assert server.holders == {"this-device"}
    open(healthy, "w").close()
    until(lambda: not server.holders)


def test_a_forced_update_is_remembered(daemon, make, server):
    server.holders = {"till-3"}
    permit = make(server.url)
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d-1", **REBOOT)
    deferral(daemon)
    daemon.coordinator().force("d-1")
    assert gate.released()["basis"] == "forced"
    coordinator.complete("d-1")
    until(lambda: permit.record()["withoutPermit"] == ["d-1"])
    assert "d-1 went ahead without a slot" in permit.command("status")[1]
    (decision,) = history(daemon, deploymentId="d-1")
    assert NAME in json.dumps(decision)


def test_an_update_that_asks_nobody_goes_without_a_slot(daemon, make, server):
    make(server.url)
    until(lambda: subscribed(daemon))
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d-1", policy={"action": "SKIP_NOTIFY_COMPONENTS"}, **REBOOT)
    assert gate.released()["basis"] == "skipped"
    coordinator.complete("d-1")
    assert "skipped" in json.dumps(history(daemon, deploymentId="d-1"))
    assert not server.requests


def test_what_cannot_be_written_down_is_not_claimed(daemon, make, server):
    permit = make(server.url)
    until(lambda: subscribed(daemon))
    shutil.rmtree(permit.state)
    daemon.coordinator().gate("d-1", **REBOOT)
    code, _, errors = permit.program.end()
    assert code == 74 and "cannot create" in "".join(errors)
    assert still_waits(daemon) and not server.requests


def test_an_id_of_two_lines_tells_the_service_manager_nothing_more(daemon, make, server):
    permit = make(server.url)
    permit.kill()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind("")
        notify.settimeout(TIMEOUT)
        permit.notify_socket = "@" + notify.getsockname()[1:].decode()
        permit.start()
        daemon.coordinator().gate("d-1\nMAINPID=1", **REBOOT)
        while b"d-1" not in (said := notify.recv(4096)):
            pass
    assert b"\n" not in said and b"MAINPID=1" in said


# Kills


def test_a_killed_program_gives_back_the_slot_of_an_update_that_still_waits(daemon, make, server):
    permit = make(server.url)
    camera = daemon.component(CAMERA, confirm=True)
    daemon.coordinator().gate("d-1", **REBOOT)
    camera.notice()
    camera.acknowledge("d-1")
    assert camera.notice()["final"]
    permit.kill()
    assert server.holders == {"this-device"} and permit.record()["updates"] == ["d-1"]
    permit.start()
    # Asked again, it claims again, and the camera is asked finally again.
    until(lambda: len(server.claims()) == 2)


def test_a_killed_program_holds_on_to_the_slot_of_an_update_under_way(daemon, make, server):
    permit = make(server.url)
    coordinator = daemon.coordinator()
    coordinator.gate("d-1", **REBOOT).released()
    permit.kill()
    permit.start()
    until(lambda: subscribed(daemon))
    assert server.holders == {"this-device"}
    permit.kill()
    coordinator.complete("d-1")
    permit.start()
    until(lambda: not server.holders)


def test_a_killed_program_goes_on_to_give_back_what_the_operator_gave(daemon, make, server):
    permit = make(server.url)
    coordinator = daemon.coordinator()
    coordinator.gate("d-1", **REBOOT).released()
    coordinator.complete("d-1", "failed")
    until(lambda: permit.record().get("kept"))
    server.misbehave = lambda handler: handler.answer(503, "")
    assert permit.command("release")[0] == 0
    until(server.gives_back)
    permit.kill()
    server.misbehave = None
    permit.start()
    until(lambda: not server.holders)


def test_without_a_record_a_slot_counts_as_held_and_is_given_back_once(daemon, make, server):
    server.holders = {"this-device"}
    permit = make(server.url)
    permit.kill()
    (permit.state / "state.json").unlink()
    permit.start()
    until(lambda: not server.holders)
    until(lambda: permit.record().get("isClaimed") is False)
    assert len(server.gives_back()) == 1


def test_the_program_runs_once(make, server):
    permit = make(server.url)
    permit.program.error_line("is this-device")
    assert permit.command()[0] == 75


# Bad servers

HTML = "<html>Please pay</html>"


def endless(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass


def slow(handler):
    handler.server.over.wait(3)


def resets(handler):
    handler.connection.close()


REFUSALS = {
    "portal": lambda handler: handler.answer(200, HTML, "text/html"),
    "page of no kind": lambda handler: handler.answer(200, HTML, "application/json"),
    "redirect": lambda handler: handler.answer(302, "", Location="http://127.0.0.1:1/"),
    "created": lambda handler: handler.answer(201, ""),
    "wrong group": lambda handler: handler.answer(
        400, '{"kind":"unknown_group","value":"no such group"}', "text/plain"
    ),
    "unauthorized": lambda handler: handler.answer(401, ""),
    "not found": lambda handler: handler.answer(404, "not here", "text/plain"),
    "too many": lambda handler: handler.answer(429, ""),
    "endless": endless,
}
ABSENCES = {
    "broken": lambda handler: handler.answer(500, '{"kind":"failed_sem_init","value":"no etcd"}'),
    # airlock's etcd may have stored the holder.
    "storage": lambda handler: handler.answer(
        500, '{"kind":"failed_lock","value":"context deadline exceeded"}', "text/plain"
    ),
    "gateway": lambda handler: handler.answer(503, HTML, "text/html"),
    "slow": slow,
    "resets": resets,
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_opens_no_gate_and_is_no_absence(daemon, make, server, fault):
    server.misbehave = REFUSALS[fault]
    make(server.url, Offline="proceed-after 1s")
    gate = daemon.coordinator().gate("d-1", **REBOOT)
    assert "refuses" in deferral(daemon)
    until(lambda: len(server.claims()) >= 4)
    assert still_waits(daemon)
    server.misbehave = None
    assert gate.released()["basis"] == "consent"
    assert server.holders == {"this-device"}


@pytest.mark.parametrize("fault", ABSENCES)
def test_an_absence_is_waited_out_by_default(daemon, make, server, fault):
    server.misbehave = ABSENCES[fault]
    make(server.url)
    gate = daemon.coordinator().gate("d-1", **REBOOT)
    assert "no permit server" in deferral(daemon)
    until(lambda: len(server.claims()) >= 3)
    assert still_waits(daemon)
    server.misbehave = None
    assert gate.released()["basis"] == "consent"


def test_an_absence_may_end_with_an_update_without_a_slot(daemon, make):
    permit = make(f"http://127.0.0.1:{free_port()}", Offline="proceed-after 2s")
    begun = time.monotonic()
    gate = daemon.coordinator().gate("d-1", **REBOOT)
    assert "without a slot in" in deferral(daemon)
    assert gate.released()["basis"] == "consent"
    assert time.monotonic() - begun >= 2
    assert permit.record()["withoutPermit"] == ["d-1"]
    (decision,) = history(daemon, deploymentId="d-1")
    assert "without a slot" in json.dumps(decision)


# Runs a command where two name servers never answer. Its first argument is a resolv.conf.
SILENCE = """
import os, socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
path = os.path.realpath("/etc/resolv.conf")
subprocess.run(["mount", "--bind", sys.argv[1], path], check=True)
silent = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for number, one in enumerate(silent):
    one.bind((f"127.0.0.{number + 1}", 53))
sys.exit(subprocess.run(sys.argv[2:]).returncode)
"""


@pytest.mark.skipif(
    not (shutil.which("ip") and shutil.which("unshare"))
    or subprocess.run(["unshare", "-nm", "true"], capture_output=True).returncode != 0,
    reason="no network namespace can be made here",
)
def test_a_silent_resolver_takes_no_longer_than_the_timeout(daemon, directory):
    permit = Permit(directory, daemon, "http://fleet.example.com/")
    names = pathlib.Path(directory) / "resolv.conf"
    names.write_text("nameserver 127.0.0.1\nnameserver 127.0.0.2\n")
    begun = time.monotonic()
    silently = ["unshare", "-nm", sys.executable, "-c", SILENCE, names]
    assert Program([*silently, *permit._command("check")]).end(timeout=50)[0] == 69
    # Timeout= is a second; the resolver gives up after 20.
    assert time.monotonic() - begun < 10


def test_the_next_server_is_asked_where_one_is_away(daemon, make, server):
    make(f"http://127.0.0.1:{free_port()} {server.url}")
    assert daemon.coordinator().gate("d-1", **REBOOT).released()["basis"] == "consent"


# TLS


@pytest.fixture(scope="module")
def certificates():
    with temporary_directory() as directory:
        yield Certificates(directory)


@pytest.fixture
def tls(certificates):
    servers = []

    def tls(pair, **options):
        servers.append(FleetLock(context=certificates.context(pair, **options)))
        return servers[-1]

    yield tls
    for server in servers:
        server.stop()


def test_both_sides_show_certificates(daemon, make, tls, certificates):
    server = tls(certificates.server, client_authority=certificates.authority[0])
    certificate, key = certificates.client
    authority = certificates.authority[0]
    make(server.url, CertificateAuthority=authority, Certificate=certificate, Key=key)
    assert daemon.coordinator().gate("d-1", **REBOOT).released()["basis"] == "consent"
    assert server.holders == {"this-device"}


@pytest.mark.parametrize("fault", ["authority", "expired", "name", "no client", "wrong client"])
def test_a_certificate_that_is_refused_is_no_absence(daemon, make, tls, certificates, fault):
    settings = {"CertificateAuthority": certificates.authority[0]}
    pair, options = certificates.server, {}
    if fault == "authority":
        settings["CertificateAuthority"] = certificates.other[0]
    elif fault == "expired":
        pair = certificates.sign("expired", days=-1)
    elif fault == "name":
        pair = certificates.sign("elsewhere", host="elsewhere.example")
    else:
        options = {"client_authority": certificates.authority[0]}
    if fault == "wrong client":
        settings |= {"Certificate": certificates.other[0], "Key": certificates.other[1]}
    server = tls(pair, **options)
    make(server.url, Offline="proceed-after 1s", **settings)
    daemon.coordinator().gate("d-1", **REBOOT)
    assert "refuses" in deferral(daemon)
    # Retry= is half a second.
    until(lambda: server.attempts >= 6)
    assert still_waits(daemon) and "refuses" in deferral(daemon)
    assert not server.requests


@pytest.fixture
def proxy():
    proxy = Proxy()
    yield proxy
    proxy.stop()


def test_a_server_that_a_proxy_does_not_reach_is_absent(daemon, make, tls, certificates, proxy):
    server = tls(certificates.server)
    settings = {"CertificateAuthority": certificates.authority[0], "Proxy": proxy.url}
    make(f"https://localhost:{free_port()} {server.url}", **settings)
    assert daemon.coordinator().gate("d-1", **REBOOT).released()["basis"] == "consent"
    assert server.holders == {"this-device"}


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_a_proxy_that_refuses_is_no_absence(daemon, make, tls, certificates, proxy, status):
    server = tls(certificates.server)
    proxy.status = status
    settings = {"CertificateAuthority": certificates.authority[0], "Proxy": proxy.url}
    make(server.url, Offline="proceed-after 1s", **settings)
    daemon.coordinator().gate("d-1", **REBOOT)
    assert "refuses" in deferral(daemon)
    assert not server.requests


class RefusingSOCKS(socketserver.StreamRequestHandler):
    """Version 5: each connection is refused at the other end."""

    def handle(self):
        _, methods = self.rfile.read(2)
        self.rfile.read(methods)
        self.wfile.write(b"\x05\x00")
        self.connection.recv(512)
        self.wfile.write(b"\x05\x05\x00\x01" + bytes(6))


def test_a_server_that_a_socks_proxy_does_not_reach_is_absent(daemon, make):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), RefusingSOCKS) as proxy:
        threading.Thread(target=proxy.serve_forever, args=[0.02], daemon=True).start()
        make("https://localhost:1", Proxy=f"socks5h://127.0.0.1:{proxy.server_address[1]}")
        daemon.coordinator().gate("d-1", **REBOOT)
        assert "no permit server" in deferral(daemon)
        proxy.shutdown()


# The commands


def test_a_wrong_configuration_is_said_at_start_and_by_check(daemon, directory, server):
    permit = Permit(directory, daemon, server.url, Grup="x", Slots="0")
    for command in [[], ["check"], ["status"]]:
        code, _, errors = permit.command(*command)
        assert code == 78 and "Grup=x: there is no such key" in errors and "Slots=0" in errors


def test_a_configuration_that_cannot_be_read_is_not_taken_for_an_empty_one(
    daemon, directory, server
):
    permit = Permit(directory, daemon, server.url)
    with open(permit.configuration, "a") as file:
        file.write("#" * 65536)
    code, _, errors = permit.command("check")
    assert code == 78 and "64 KiB" in errors
    permit.configuration = directory
    code, _, errors = permit.command("check")
    assert code == 78 and "Is a directory" in errors


@pytest.mark.skipif(os.geteuid() != 0, reason="what root alone can read")
def test_check_says_what_the_service_cannot_read(daemon, directory, server, certificates):
    (certificate, key), authority = certificates.client, certificates.authority[0]
    settings = {"CertificateAuthority": authority, "Certificate": certificate, "Key": key}
    permit = Permit(directory, daemon, server.url, **settings)
    certificates.directory.chmod(0o755)
    key.chmod(0o600)
    code, output, _ = permit.command("check")
    assert code == 0 and f"{key} cannot be read by the service" in output
    assert "LoadCredential=" in output and str(certificate) not in output
    key.chmod(0o644)
    assert "LoadCredential=" not in permit.command("check")[1]


def test_the_same_trouble_is_logged_once(make, daemon, server):
    server.misbehave = slow
    permit = make(server.url, Timeout="200ms", Retry="100ms")
    daemon.coordinator().gate("d-1", **REBOOT)
    until(lambda: len(server.claims()) >= 8)
    server.misbehave = REFUSALS["not found"]
    permit.program.error_line("not here")
    permit.kill()
    troubles = [line for line in permit.program.end()[2] if "no slot:" in line]
    assert len(troubles) == 2, troubles


def test_check_asks_the_server(make, server):
    permit = make(server.url)
    code, output, _ = permit.command("check")
    assert code == 0 and "the server answers" in output
    server.misbehave = REFUSALS["wrong group"]
    code, _, errors = permit.command("check")
    assert code == 69 and "unknown_group" in errors


def test_check_gives_back_no_slot(make, server):
    permit = make(server.url)
    # The service claims while the command runs.
    server.holders = {"this-device"}
    assert permit.command("check")[0] == 0
    assert server.gives_back() and server.holders == {"this-device"}


def test_the_id_of_this_device_is_released_by_its_service(daemon, make, server):
    permit = make(server.url)
    coordinator = daemon.coordinator()
    coordinator.gate("d-1", **REBOOT).released()
    coordinator.complete("d-1", "failed")
    until(lambda: permit.record().get("kept"))
    code, output, _ = permit.command("release", "--id", "this-device")
    assert code == 0 and "the running service" in output
    until(lambda: not permit.record()["isClaimed"])


def test_a_release_beside_another_one_does_not_claim_to_have_done_it(daemon, directory, server):
    permit = Permit(directory, daemon, server.url, Timeout="10s")
    record = {"boot": "", "isClaimed": True, "updates": [], "withoutPermit": ["d-0"]}
    (permit.state / "state.json").write_text(json.dumps(record))
    server.holders = {"this-device"}
    has_arrived, may_answer = threading.Event(), threading.Event()

    def hesitates(handler):
        has_arrived.set()
        may_answer.wait(TIMEOUT)
        handler.answer(*handler.decide("this-device"))

    server.misbehave = hesitates
    first = permit.start_command("release")
    assert has_arrived.wait(TIMEOUT)
    code, _, errors = permit.command("release")
    assert code == 75 and "another release" in errors
    may_answer.set()
    assert first.end()[0] == 0
    assert not server.holders and not permit.record()["isClaimed"]
    assert permit.record()["withoutPermit"] == ["d-0"]


def test_a_release_while_the_service_starts_is_not_lost(daemon, directory, server):
    permit = Permit(directory, daemon, server.url)
    server.holders = {"this-device"}
    state = permit.state / "state.json"
    os.mkfifo(state)
    permit.start()
    try:
        # It reads its record when it has the lock.
        writer = until(lambda: open_fifo(state))
        assert permit.command("release")[0] == 0
        with open(writer, "w") as file:
            kept = "d-1 ended as failed"
            json.dump({"boot": "", "isClaimed": True, "kept": kept} | LISTS, file)
        until(lambda: not server.holders)
    finally:
        permit.kill()


LISTS = {"updates": [], "withoutPermit": []}


def open_fifo(path):
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def test_the_id_is_printed_and_another_device_is_released(make, server):
    server.holders = {"dead-device"}
    permit = make(server.url)
    assert permit.command("id")[1].startswith("this-device ")
    assert permit.command("release", "--id", "dead-device")[0] == 0
    assert not server.holders
