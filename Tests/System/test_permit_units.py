# SPDX-License-Identifier: Apache-2.0
"""The package of reprieve-permit, and its unit under a real systemd, in its own sandbox."""

import os
import subprocess

import pytest
from rig import Device, needs_package, needs_systemd

PACKAGE = os.environ.get("REPRIEVE_PERMIT_PACKAGE", "")
pytestmark = [
    needs_systemd,
    needs_package,
    pytest.mark.skipif(not PACKAGE, reason="REPRIEVE_PERMIT_PACKAGE is not set"),
    pytest.mark.systemd,
]
NAME = "reprieve-permit/reprieve-permit"
EXAMPLES = "/usr/share/doc/reprieve-permit/examples"

# Full while the file is there.
SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        full = os.path.exists("/run/full") and self.path.endswith("pre-reboot")
        body = b'{"kind": "lock_held", "value": "held by till-3"}' if full else b""
        self.send_response(423 if full else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        print(self.path, flush=True)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 8080), Handler)
print("listens", flush=True)
server.serve_forever()
"""
CONFIGURATION = "[Permit]\nServer=http://127.0.0.1:8080\nRetry=1s\nSteadyAfter=1s\n"


@pytest.fixture
def device(tmp_path):
    install = "dpkg --root=$ROOT --no-triggers --install $ROOT/permit.deb >&2"
    forget = "rm -rf $ROOT/var/lib/reprieve-permit $ROOT/var/lib/private/reprieve-permit"
    with Device(
        tmp_path / "out",
        prepare=[forget, install],
        files={PACKAGE: "/permit.deb"},
        texts={"/etc/reprieve-test/permit.conf": CONFIGURATION},
    ) as device:
        yield device


def test_lintian_finds_nothing():
    command = ["lintian", "--fail-on=error,warning", "--allow-root", PACKAGE]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60).stdout == ""


def test_the_unit_waits_for_a_slot_as_a_veto(device):
    server = device.start("/usr/bin/python3", "-c", SERVER)
    server.line("listens")
    device.run("touch", "/run/full")
    prepare = (
        "cp /etc/reprieve-test/permit.conf /etc/reprieve/ && mkdir -p"
        " /etc/reprieve/reprieved.conf.d &&"
        f" cp {EXAMPLES}/reprieved-permit.conf /etc/reprieve/reprieved.conf.d/permit.conf &&"
        " systemctl reload reprieved && systemctl start reprieve-permit"
    )
    device.run("sh", "-c", prepare)
    # Without a record it gives back once, when it is steady.
    server.line("steady-state")
    gate = device.start("reprieve", "gate", "--deployment-id", "d", "--restarts-nucleus")
    device.wait_for("held by till-3", "reprieve", "status")
    assert device.participants() == {NAME: "deferred"}
    device.wait_for("d waits for a slot", "systemctl", "status", "reprieve-permit")
    device.run("rm", "/run/full")
    assert gate.end()[0] == 0
    assert "For:     d" in device.run("reprieve-permit", "status")
    device.run("systemctl", "kill", "--signal=KILL", "reprieve-permit")
    device.wait_for("active", "systemctl", "is-active", "reprieve-permit")
    device.run("reprieve", "complete", "d")
    server.line("steady-state", timeout=30)
    device.wait_for("not held", "reprieve-permit", "status")
    shown = device.run("systemctl", "show", "reprieve-permit", "--property=NRestarts")
    assert shown == "NRestarts=1\n"
    server.process.terminate()


def test_the_service_reads_a_key_that_only_root_can(device):
    """As the manual page says."""
    folder = "/etc/systemd/system/reprieve-permit.service.d"
    key = "/run/credentials/reprieve-permit.service/device.key"
    # Its content does not matter before the first request.
    configuration = f"{CONFIGURATION}Certificate=/etc/os-release\nKey=/etc/reprieve/device.key"
    prepare = (
        f"mkdir -p {folder} && echo '{configuration}' >/etc/reprieve/permit.conf &&"
        f" printf '[Service]\nLoadCredential=device.key:/etc/reprieve/device.key\n'"
        f" >{folder}/key.conf && echo secret >/etc/reprieve/device.key &&"
        " chmod 600 /etc/reprieve/device.key && systemctl daemon-reload"
    )
    device.run("sh", "-c", prepare)
    device.run("systemctl", "start", "reprieve-permit", code=1)
    assert "LoadCredential=" in device.run("sh", "-c", "reprieve-permit check || true")
    device.run("sed", "-i", f"s#^Key=.*#Key={key}#", "/etc/reprieve/permit.conf")
    device.run("systemctl", "start", "reprieve-permit")
    shown = device.run("systemctl", "show", "reprieve-permit", "--property=ActiveState,NRestarts")
    assert "ActiveState=active" in shown and "NRestarts=0" in shown
    assert "LoadCredential=" not in device.run("sh", "-c", "reprieve-permit check || true")
