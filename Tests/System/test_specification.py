# SPDX-License-Identifier: Apache-2.0
"""Holds the pages, schemas and vectors in Protocol to the daemon, and to each other."""

import ast
import copy
import json
import re
import runpy
import sys

import pytest
import schema
from broker import Broker
from daemon import ROOT
from faulty_broker import Fault, FaultyBroker
from jsonschema import Draft202012Validator
from protocol import APPLICATION_MESSAGE, message
from referencing import Registry, Resource
from test_conformance_broker import CHECKS, COMPONENTS

PROTOCOL = ROOT / "Protocol"
SCHEMAS = {name: schema.load(name) for name in [*schema.names(), *schema.NO_PAYLOADS]}
OTHER_TYPES = [None, True, 7, -1, 1.5, 2**63, "", "no name", [], [1], {}, {"x": 1}]
# Whatever they say, it is not looked at.
UNREAD = {"UpdateStateRequest", "GetStatusRequest", "WatchStatusRequest", "GetMetricsRequest"}


def strict(value):
    """A schema that allows no member that it does not know."""
    if isinstance(value, list):
        return [strict(element) for element in value]
    if not isinstance(value, dict):
        return value
    closed = {name: strict(inner) for name, inner in value.items() if name != "examples"}
    if "properties" in closed and "oneOf" not in closed:
        closed["additionalProperties"] = False
    return closed


def validators(change=lambda value: value):
    changed = {name: change(document) for name, document in SCHEMAS.items()}
    resources = [(name + ".json", Resource.from_contents(one)) for name, one in changed.items()]
    registry = Registry().with_resources(resources)
    return {name: Draft202012Validator(one, registry=registry) for name, one in changed.items()}


VALIDATORS, STRICT = validators(), validators(strict)


def text_of_all_pages():
    return "\n".join(path.read_text() for path in PROTOCOL.glob("*.md"))


def mutations(value):
    """A payload with each of its members of each other kind, and without it."""
    for name, inner in value.items():
        for other in OTHER_TYPES:
            yield f"{name} is {other!r}", {**value, name: other}
        yield f"no {name}", {key: inner for key, inner in value.items() if key != name}
        if isinstance(inner, dict):
            for what, changed in mutations(inner):
                yield f"{name}: {what}", {**value, name: changed}


# Schemas


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_its_examples_fit(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
    for example in SCHEMAS[name].get("examples", []):
        VALIDATORS[name].validate(example)
        STRICT[name].validate(example)
        assert schema.complaint(name, example) is None


def test_examples_show_every_member():
    for name in schema.names():
        shown = json.dumps(SCHEMAS[name]["examples"])
        for member in members(SCHEMAS[name]):
            assert f'"{member}"' in shown, (name, member)


def members(value):
    if isinstance(value, list):
        for element in value:
            yield from members(element)
    if isinstance(value, dict):
        yield from value.get("properties", {})
        for name, inner in value.items():
            if name != "examples":
                yield from members(inner)


@pytest.mark.parametrize("name", schema.names())
def test_the_kit_reads_schemas_as_jsonschema_does(name):
    tried = 0
    for example in SCHEMAS[name]["examples"]:
        for what, changed in mutations(example):
            fits = VALIDATORS[name].is_valid(changed)
            assert (schema.complaint(name, changed) is None) == fits, what
            tried += 1
    assert tried or not any(SCHEMAS[name]["examples"])


@pytest.mark.parametrize("name", schema.names())
def test_a_schema_allows_members_that_nobody_knows(name):
    for example in SCHEMAS[name]["examples"]:
        changed = copy.deepcopy(example) | {"future": [1]}
        for inner in changed.values():
            if isinstance(inner, dict):
                inner["future"] = None
        VALIDATORS[name].validate(changed)


def test_the_pages_name_every_operation_and_every_member():
    pages = text_of_all_pages()
    for name in schema.names():
        operation = re.sub("(Request|Response)$", "", name)
        assert operation in pages or name in ("Complaint", "StatusEvents"), name
        for member in members(SCHEMAS[name]):
            assert member in pages, (name, member)


# Vectors


def test_the_vectors_are_what_is_made(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "Tests/Tools")
    tool = runpy.run_path(str(ROOT / "Tests/Tools/make-vectors.py"))
    for path, text in tool["texts"]():
        assert path.read_text() == text, f"run Tests/Tools/make-vectors.py: {path}"


def test_the_hex_dump_is_a_vector():
    dump = (PROTOCOL / "frames.md").read_text().split("00000000  ")[1].split("\n\n")[0]
    lines = [re.sub("^ *[0-9a-f]{8}  ", "", line).split("|")[0] for line in dump.splitlines()]
    (accepted,) = [
        vector["hex"]
        for vector in json.loads((PROTOCOL / "vectors/messages.json").read_text())
        if vector["label"] == "CONNECT_ACK accepted"
    ]
    assert "".join(lines).replace(" ", "") == accepted


def test_the_pages_name_vectors_that_are_there():
    vectors = json.loads((PROTOCOL / "vectors/client-frames.json").read_text())
    names = {vector["name"] for vector in vectors}
    table = (PROTOCOL / "frames.md").read_text().split("## What ends a connection")[1]
    named = [
        name for line in re.findall(r"\|[^|]*\|\n", table) for name in re.findall("`(.*?)`", line)
    ]
    assert len(named) > 8
    assert set(named) - {"vectors/client-frames.json"} <= names


# What the daemon says


@pytest.fixture
def recorded(daemon):
    """Everything that passes during a run of all checks."""
    frames = []

    def record(frame, link):
        frames.append(frame)
        return [frame]

    broker = FaultyBroker(daemon, Fault(up=record, down=record))
    for check in CHECKS.values():
        if check.name.startswith("silence-instead"):
            continue  # which says nothing, for 5 s
        Broker(broker.component_socket, broker.control_socket, 10, COMPONENTS).attempt(check)
    broker.close()
    return frames


def test_all_that_the_daemon_says_fits_its_schema(recorded):
    seen = set()
    for frame in recorded:
        if frame.model and frame.payload:
            name = schema.name_for(frame.model)
            STRICT[name].validate(frame.json)
            seen.add(name)
    said = {name for name in schema.names() if name.endswith(("Response", "Events"))}
    assert said | {"Error"} == seen


def test_what_the_command_prints_fits_its_schema(daemon, processes):
    camera = daemon.component()
    program = processes.reprieve(daemon, "gate", "--json", "--deployment-id", "d", "--", "true")
    assert camera.notice()["deploymentId"] == "d"
    status = processes.reprieve(daemon, "status", "--json").end()[1]
    STRICT["GetStatusResponse"].validate(json.loads("".join(status)))
    camera.defer("d", 100)
    camera.notice()
    camera.acknowledge("d")
    code, lines, errors = program.end()
    assert code == 0, errors
    *lines, end = map(json.loads, lines)
    for event in lines:
        STRICT["GateEvents"].validate(event)
    assert "released" in lines[-1] and "ended" in end
    history = processes.reprieve(daemon, "history", "--json").end()[1]
    STRICT["GetHistoryResponse"].validate(json.loads("".join(history)))


# What the daemon hears


@pytest.mark.parametrize("name", [n for n in schema.names() if n.endswith("Request")])
def test_the_daemon_takes_what_fits_a_schema_and_nothing_else(daemon, name):
    connection = daemon.coordinator().connection
    operation = SCHEMAS[name]["title"].removesuffix("Request")
    for example in SCHEMAS[name]["examples"]:
        for what, payload in mutations(example):
            # A null counts as absent, which a schema has no short words for.
            if "None" in what or name in UNREAD:
                continue
            fits = VALIDATORS[name].is_valid(payload)
            connection._latest_stream += 1
            stream = connection._latest_stream
            sent = message(APPLICATION_MESSAGE, 0, stream, payload, operation=operation)
            connection.send(sent)
            frame = connection.next_on(stream)
            code = frame.json.get("_errorCode") if frame.type != APPLICATION_MESSAGE else None
            is_about_names = "no component name" in frame.json.get("message", "")
            refused = code == "InvalidArgumentsError" and not is_about_names
            assert fits != refused, (what, frame.json)
            if not frame.flags:
                connection.end_stream(stream)


# The kit


@pytest.mark.parametrize(
    "path", sorted((PROTOCOL / "conformance").glob("*[!d]")), ids=lambda p: p.name
)
def test_the_kit_needs_python_3_9_and_nothing_else(path):
    if path.is_dir():
        pytest.skip("a folder")
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    own = {other.stem for other in path.parent.glob("*.py")}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        assert set(names) <= own | sys.stdlib_module_names, names
    assert path.suffix != ".py" or len(path.read_text().splitlines()) <= 300


def test_every_page_is_short_and_linked():
    for path in PROTOCOL.rglob("*.md"):
        assert len(path.read_text().splitlines()) <= 300, path
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            assert (path.parent / target).exists(), (path, target)
