# SPDX-License-Identifier: Apache-2.0
"""The built reprieve-permit beside a daemon, and the servers that it asks."""

import base64
import http.server
import json
import os
import pathlib
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.request

from daemon import ROOT
from processes import Program
from protocol import TIMEOUT

PERMIT = ROOT / ".build/permit/debug/reprieve-permit"
ETCD = ROOT / ".build/etcd/tree/usr/bin/etcd"
NAME = "reprieve-permit"
VETO = ("--component", f"{NAME} Veto=yes")


def until(condition, timeout=TIMEOUT):
    """Waits until a condition holds, and returns its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "it does not come to pass"
        # The other side is a file, or a server that is only asked.
        threading.Event().wait(0.02)


class Permit:
    """The program with a configuration of its own."""

    def __init__(self, directory, daemon, server, id="this-device", **settings):
        self.daemon = daemon
        self.directory = pathlib.Path(directory)
        self.state = self.directory / "permit-state"
        self.state.mkdir(exist_ok=True)
        self.id = id
        self.configuration = self.directory / "permit.conf"
        settings = {
            "Server": server,
            "Id": id,
            "Retry": "500ms",
            "Timeout": "1s",
            "SteadyAfter": "200ms",
            "Socket": daemon.component_socket,
        } | settings
        lines = [f"{key}={value}" for key, value in settings.items()]
        self.configuration.write_text("\n".join(["[Permit]", *lines, ""]))
        self.program = None
        self.notify_socket = ""

    def start(self):
        self.program = Program(self._command(), env=self._environment())
        return self

    def _command(self, *arguments):
        return [PERMIT, "--config", self.configuration, *arguments]

    def _environment(self):
        paths = {"STATE_DIRECTORY": str(self.state), "PATH": os.environ["PATH"]}
        return paths | {"NOTIFY_SOCKET": self.notify_socket}

    def command(self, *arguments):
        """Runs a subcommand. Returns its exit code, output and errors."""
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.returncode, done.stdout, done.stderr

    def start_command(self, *arguments):
        return Program(self._command(*arguments), env=self._environment())

    def release_kept(self):
        """As an operator does who has looked after the device."""
        if self.record().get("kept"):
            assert self.command("release")[0] == 0

    def record(self):
        """What it has written down; nothing before it has."""
        path = self.state / "state.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def kill(self):
        if self.program and self.program.process.poll() is None:
            self.program.process.kill()
            self.program.process.wait(TIMEOUT)


class FleetLock(http.server.ThreadingHTTPServer):
    """A server with slots, unless `misbehave`, called with the request's handler, is set."""

    daemon_threads = True

    def __init__(self, slots=1, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.slots = slots
        self.holders = set()
        self.requests = []
        self.misbehave = None
        # Of connections, be there a request on it or not.
        self.attempts = 0
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.scheme = "http"
        if context:
            self.scheme = "https"
            self.context = context
        self.is_up = True
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    @property
    def url(self):
        name = "localhost" if self.scheme == "https" else "127.0.0.1"
        return f"{self.scheme}://{name}:{self.server_port}/base"

    def finish_request(self, request, address):
        self.attempts += 1
        if self.scheme == "https":
            request.settimeout(5)
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except (ssl.SSLError, OSError):
                return
        super().finish_request(request, address)

    def handle_error(self, *_):
        """A client may leave at any time."""

    def claims(self):
        return [path for path, _, _ in self.requests if path.endswith("pre-reboot")]

    def gives_back(self):
        return [path for path, _, _ in self.requests if path.endswith("steady-state")]

    def stop(self):
        self.over.set()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        with server.lock:
            server.requests.append((self.path, dict(self.headers), body))
        if server.misbehave:
            return server.misbehave(self)
        parameters = json.loads(body)["client_params"]
        with server.lock:
            self.answer(*self.decide(parameters["id"]))

    def decide(self, id):
        server = self.server
        if self.path.endswith("steady-state"):
            server.holders.discard(id)
            return 200, ""
        if id in server.holders or len(server.holders) < server.slots:
            server.holders.add(id)
            return 200, ""
        value = f"reboot lock is held by {sorted(server.holders)[0]}"
        return 423, json.dumps({"kind": "lock_held", "value": value})

    def answer(self, status, body, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class Proxy(socketserver.ThreadingTCPServer):
    """A tunnel to any port of this machine, or the same refusal for all if `status` is set."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.status = None
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self):
        self.shutdown()
        self.server_close()


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        port = int(self.rfile.readline().split()[1].rpartition(b":")[2])
        while self.rfile.readline().strip():
            pass
        if self.server.status:
            return self.reply(self.server.status)
        try:
            server = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        except OSError:
            return self.reply("503 Service Unavailable")
        self.reply("200 OK")
        there = threading.Thread(target=self.copy, args=[self.connection, server], daemon=True)
        there.start()
        self.copy(server, self.connection)
        there.join()
        server.close()

    def reply(self, status):
        self.wfile.write(f"HTTP/1.1 {status}\r\n\r\n".encode())

    @staticmethod
    def copy(source, target):
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Certificates:
    """An authority, and what it has signed."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.authority = self._authority("ca")
        self.other = self._authority("other")
        self.server = self.sign("server")
        self.client = self.sign("client")

    def _openssl(self, *arguments):
        subprocess.run(
            ["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30
        )

    def _pair(self, name):
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"

    def _authority(self, name):
        certificate, key = self._pair(name)
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._openssl(*new, "-subj", f"/CN={name}", "-keyout", key, "-out", certificate)
        return certificate, key

    def sign(self, name, host="localhost", days=1):
        certificate, key = self._pair(name)
        request, names = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        names.write_text(f"subjectAltName=DNS:{host}\n")
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._openssl(*new, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        authority, secret = self.authority
        sign = ["x509", "-req", "-in", request, "-CA", authority, "-CAkey", secret]
        sign += ["-CAcreateserial", "-extfile", names, "-days", days]
        self._openssl(*sign, "-out", certificate)
        return certificate, key

    def context(self, pair, client_authority=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if client_authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_authority)
        return context


class Etcd:
    """A real etcd, which can be killed and started again with its data."""

    KEY = "com.coreos.airlock/groups/default/v1/semaphore"

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.port, self.peers = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.start()

    def start(self):
        peers = f"http://127.0.0.1:{self.peers}"
        arguments = ["--name", "one", "--data-dir", self.directory / "etcd"]
        arguments += ["--listen-client-urls", self.url, "--advertise-client-urls", self.url]
        arguments += ["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers]
        arguments += ["--initial-cluster", f"one={peers}"]
        with open(self.directory / "etcd.log", "ab") as log:
            self.process = subprocess.Popen([ETCD, *arguments], stdout=log, stderr=log)
        until(self.answers, 30)

    def answers(self):
        try:
            self.semaphore()
            return True
        except OSError:
            return False

    def call(self, operation, request):
        body = json.dumps(request).encode()
        with urllib.request.urlopen(f"{self.url}/v3/kv/{operation}", body, timeout=5) as response:
            return json.load(response)

    def semaphore(self):
        """The value that airlock would see; nothing before the first claim."""
        key = base64.b64encode(self.KEY.encode()).decode()
        pairs = self.call("range", {"key": key}).get("kvs", [])
        return json.loads(base64.b64decode(pairs[0]["value"])) if pairs else None

    def put(self, value):
        key = base64.b64encode(self.KEY.encode()).decode()
        self.call("put", {"key": key, "value": base64.b64encode(value.encode()).decode()})

    def kill(self):
        self.process.kill()
        self.process.wait(TIMEOUT)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def why_no_etcd():
    return "" if ETCD.exists() or shutil.which("etcd") else "no etcd; run Tests/run.sh permit"
