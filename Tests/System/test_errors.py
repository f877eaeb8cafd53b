# SPDX-License-Identifier: Apache-2.0
"""Every error in the tables of Protocol/errors.md, provoked; those of the code are all there."""

import json
import pathlib
import re
import subprocess

import pytest
from daemon import BUILD, ROOT
from expect import CAMERA, ROBOT
from logind import Bus, Logind
from protocol import APPLICATION_MESSAGE, Failed, encode, message
from scripted_upstream import TOKEN, Lite, nucleus_in

PAGE = (ROOT / "Protocol/errors.md").read_text()
TABLES = PAGE.split("## Every error")[1]
ROWS = [
    [cell.strip(" `") for cell in line.strip("|").split("|")]
    for line in TABLES.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| Case"))
]
HOUR = 3_600_000
DEFER = "DeferComponentUpdate"
CASES = {}
ARGUMENTS = {}


def case(words, *arguments):
    """Registers how an error is provoked: a function that is left by the exception `Failed`. The
    daemon has these arguments."""

    def add(function):
        CASES[words] = function
        ARGUMENTS[words] = arguments
        return function

    return add


class World:
    def __init__(self, daemon):
        self.daemon = daemon
        self.coordinator = daemon.coordinator()

    def asked(self, update="d", name=CAMERA, **policy):
        component = self.daemon.component(name)
        gate = self.coordinator.gate(update, policy, components=[name])
        component.notice()
        return component, gate

    def sends(self, connection, frame, stream=1):
        connection.send(frame)
        connection.response(stream, "")

    def connection(self):
        return self.daemon.connection().connect(CAMERA)

    def call(self, operation, request):
        return self.coordinator.connection.call(operation, request)

    def token(self, name):
        """A token that the daemon has read, and so knows."""
        socket = ["--control-socket", self.daemon.control_socket]
        file = ["--tokens", f"{self.daemon.directory}/tokens"]
        command = [BUILD / "reprieve", "token", *socket, *file, name]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


# On any stream


@case("a request without the header `operation`")
def _(world):
    world.sends(world.connection(), message(APPLICATION_MESSAGE, 0, 1, {}))


@case("an operation that is not known")
def _(world):
    world.connection().call("NoSuchThing")


@case("a control operation at the component socket")
def _(world):
    world.connection().call("reprieve#GetStatus")


@case("a further message on a stream")
def _(world):
    component = world.daemon.component()
    world.sends(component.connection, message(APPLICATION_MESSAGE, 0, 1, {}))


@case("one stream too many")
def _(world):
    connection = world.connection()
    for _ in range(65):
        connection.subscribe_to("SubscribeToComponentUpdates")


PAYLOADS = {
    "a payload that is no JSON": b"hello",
    "a payload that is no object": b"[]",
    "a member twice": b'{"round": 1, "round": 2}',
    "JSON too deep": b"[" * 17 + b"]" * 17,
    "too many members": json.dumps({f"m{n}": 0 for n in range(257)}).encode(),
    "too many elements": json.dumps({"m": [0] * 4097}).encode(),
    "a required member that is missing, or null": b'{"deploymentId": null}',
    "a member of another type": b'{"deploymentId": 7}',
    "a number with a fraction": b'{"deploymentId": "d", "recheckAfterMs": 1.5}',
    "a number beyond 64 bits": b'{"deploymentId": "d", "recheckAfterMs": 9223372036854775808}',
    "a negative duration": b'{"deploymentId": "d", "recheckAfterMs": -1}',
    "an empty deploymentId": b'{"deploymentId": ""}',
    "a long deploymentId": json.dumps({"deploymentId": "d" * 257}).encode(),
}
for words, payload in PAYLOADS.items():
    CASES[words] = lambda world, payload=payload: world.connection().call(DEFER, payload)


# Of a component


@case("a connection without a name subscribes")
def _(world):
    world.coordinator.connection.subscribe_to("SubscribeToComponentUpdates")


@case("it may not subscribe")
def _(world):
    world.daemon.component("com.example.Barred")


@case("one subscription too many")
def _(world):
    first = world.connection()
    for _ in range(64):
        first.subscribe_to("SubscribeToComponentUpdates")
    world.connection().subscribe_to("SubscribeToComponentUpdates")


@case("one component of a unit too many", "--account-components", "1")
def _(world):
    for name in ["till/one", "till/two"]:
        world.daemon.component(world.token(name))


@case("an answer before subscribing, to an update that there is not")
def _(world):
    world.connection().call(DEFER, {"deploymentId": "d", "recheckAfterMs": 0})


@case("an answer before subscribing, to one that waits")
def _(world):
    world.asked("d", ROBOT)
    world.connection().call(DEFER, {"deploymentId": "d", "recheckAfterMs": 0})


@case("an answer to an update that does not concern it")
def _(world):
    world.asked("d", ROBOT)
    world.daemon.component(CAMERA).acknowledge("d")


@case("an answer to an update that was not announced")
def _(world):
    world.daemon.component().acknowledge("d")


@case("a deferral of a released update")
def _(world):
    component, gate = world.asked()
    component.acknowledge("d")
    gate.released()
    component.defer("d", 1_000)


@case("a deferral where none is allowed")
def _(world):
    component, _ = world.asked(maxDeferMs=0)
    component.defer("d", 1_000)


@case("a deferral when the budget is spent")
def _(world):
    first = world.daemon.component(CAMERA)
    policy = {"maxTotalDeferMs": 1_000}
    gate = world.coordinator.gate("d", policy, components=[CAMERA, ROBOT])
    first.notice()
    first.defer("d", HOUR)
    assert first.notice()["lastCall"]
    # Its budget begins when it comes, so that the update waits longer than the first one's.
    second = world.daemon.component(ROBOT)
    second.notice()
    second.defer("d", HOUR)
    gate.shows(CAMERA, "overridden")
    first.defer("d", 1_000)


@case("a deferral after the deadline")
def _(world):
    component = world.daemon.component()
    watcher = world.coordinator.connection
    stream, _ = watcher.subscribe_to("reprieve#WatchStatus")
    coordinator = world.daemon.coordinator()
    coordinator.gate("d", {"deadlineMs": 500}, components=[CAMERA])
    component.notice()
    component.defer("d", HOUR)
    # Without a coordinator the gate does not open at the deadline, for a while.
    coordinator.connection.close()
    updates = []
    while not any(update["deadlineInMs"] == 0 for update in updates):
        updates = watcher.event(stream, "reprieve#StatusEvents").json["status"]["updates"]
    component.defer("d", 1_000)


# Of a coordinator


REQUESTS = {
    "a word that is none": {"policy": {"onSilence": "wait"}},
    "a name that is none": {"components": ["no spaces"]},
    "too many names": {"components": ["a"] * 4097},
    "a flag that contradicts `disruption`": {"disruption": "components", "reboots": True},
    "with `refuseUnknown`, a name that no component has": {
        "components": ["com.example.Nobody"],
        "refuseUnknown": True,
    },
}
for words, request in REQUESTS.items():
    CASES[words] = lambda world, request=request: world.call(
        "reprieve#GateUpdate", {"deploymentId": "d", **request}
    )


@case("an outcome that is not its to tell")
def _(world):
    world.coordinator.complete("d", "cancelled")


@case("a negative `limit`")
def _(world):
    world.call("reprieve#GetHistory", {"limit": -1})


@case("another request with the same id")
def _(world):
    world.asked()
    world.coordinator.gate("d", reason="another")


@case("one update too many")
def _(world):
    for number in range(65):
        world.coordinator.gate(f"d{number}", components=["com.example.Nobody"])


@case("an update that there is not")
def _(world):
    world.coordinator.complete("d")


@case("to complete what still waits")
def _(world):
    world.asked()
    world.coordinator.complete("d")


@case("to cancel what is released")
def _(world):
    component, gate = world.asked()
    component.acknowledge("d")
    gate.released()
    world.coordinator.cancel("d")


@case("to cancel what has ended otherwise")
def _(world):
    component, gate = world.asked()
    component.acknowledge("d")
    gate.released()
    world.coordinator.complete("d")
    world.coordinator.cancel("d")


@case("to complete what has ended otherwise")
def _(world):
    world.asked()
    world.coordinator.cancel("d")
    world.coordinator.complete("d")


@case("to force what has ended")
def _(world):
    world.asked()
    world.coordinator.cancel("d")
    world.coordinator.force("d")


@case("to complete or cancel the machine's shutdown")
def _(world):
    bus = Bus(pathlib.Path(world.daemon.directory))
    try:
        logind = Logind(bus)
        component = world.daemon.component()
        logind.inhibitor()
        logind.prepare(True, "reboot")
        update = component.notice()["deploymentId"]
        with pytest.raises(Failed, match="only systemd-logind can end"):
            world.coordinator.complete(update)
        world.coordinator.cancel(update)
    finally:
        bus.stop()


# Of a request for the upstream


def case_beside_lite(words):
    def add(provoke):
        @case(words, "--upstream", "{directory}/nucleus.socket")
        def _(world):
            with nucleus_in(world.daemon.directory, Lite):
                provoke(world.daemon.connection().connect(TOKEN))

    return add


@case_beside_lite("one request too many that waits there")
def _(connection):
    for number in range(1_025):
        connection.subscribe_to("SubscribeToTopic", {"topic": f"topic {number}"})


@case_beside_lite("one that is longer than the upstream takes")
def _(connection):
    connection.call("PublishToTopic", {"topic": "x" * 10_000})


@case_beside_lite("one with a header that is neither int32 nor string")
def _(connection):
    names = {":message-type": APPLICATION_MESSAGE, ":message-flags": 0, ":stream-id": 1}
    connection.send(encode(names | {"operation": "aws.greengrass#UpdateState", "x": (5, bytes(8))}))
    connection.response(1, "")


# The tables


def test_there_is_a_case_for_every_line_and_a_line_for_every_case():
    assert len(ROWS) > 30
    assert {row[0] for row in ROWS} == {words.strip("`") for words in CASES}


TEXT = r'"((?:[^"\\]|\\.)*)"'
TEXTS = rf"{TEXT}(?:\s*\+\s*{TEXT})?"
CODES = {
    "serviceError": "ServiceError",
    "invalidArguments": "InvalidArgumentsError",
    "resourceNotFound": "ResourceNotFoundError",
    "conflict": "ConflictError",
    "unauthorized": "UnauthorizedError",
}
# What clients say of a broker's replies.
OF_REPLIES = ["none of progress", "counts: expected", "expected integers"]


def errors_in_code():
    """The code and the text of each error with which the daemon answers, without what is put in."""
    for folder in ["ReprieveBroker", "ReprieveProtocol"]:
        for path in sorted((ROOT / "Sources" / folder).rglob("*.swift")):
            yield from errors_of_source(path.read_text())


def errors_of_source(source):
    for found in re.finditer(rf"\.({'|'.join(CODES)}),\s*(?:{TEXTS}|text\b(?! *[?]))", source):
        said = [found[2], found[3]]
        if found[2] is None:
            *_, latest = re.finditer(rf"let text =\s*{TEXTS}", source[: found.start()])
            more = re.match(rf"\s*\+\s*{TEXT}", source[found.end() :])
            said = [latest[1], latest[2], more and more[1]]
        yield CODES[found[1]], without_values("".join(part or "" for part in said))
    for found in re.finditer(rf"JSONError\(\s*{TEXTS}", source):
        if not any(words in found[1] for words in OF_REPLIES):
            yield "InvalidArgumentsError", without_values(found[1] + (found[2] or ""))


def without_values(text):
    return re.sub(r"\\\((?:[^()]|\([^()]*\))*\)|\d+", "#", text)


def test_every_error_of_the_code_is_in_the_tables():
    errors = set(errors_in_code())
    assert len(errors) > 30
    rows = {(code, without_values(says)) for _, code, says in ROWS}
    missing = [
        (code, text)
        for code, text in sorted(errors)
        if not any(code == known and says in text for known, says in rows)
    ]
    assert missing == []


@pytest.mark.parametrize("words, code, says", ROWS, ids=[row[0] for row in ROWS])
def test_an_error_is_as_the_table_has_it(start, directory, words, code, says):
    rules = pathlib.Path(directory) / "reprieved.conf"
    rules.write_text("[Component com.example.Barred]\nSubscribe=no\n")
    name = next(name for name in CASES if name.strip("`") == words)
    arguments = [text.format(directory=directory) for text in ARGUMENTS.get(name, ())]
    with pytest.raises(Failed) as failed:
        CASES[name](World(start("--config", rules, *arguments)))
    assert failed.value.model == code
    assert says in failed.value.message


def test_the_table_has_every_code_there_is():
    codes = set(re.findall(r"^\| `(\w+Error)` \|", PAGE, re.MULTILINE))
    assert codes == {row[1] for row in ROWS}
