# SPDX-License-Identifier: Apache-2.0
"""`reprieve plan`, and a gate that takes what it announces from a plan."""

import fcntl
import itertools
import json
import os
import pathlib
import random
import sys
import termios

import pytest
from daemon import BUILD
from expect import CAMERA, ROBOT
from test_descriptors import until
from test_specification import STRICT, VALIDATORS

NOTHING, COMPONENTS, NUCLEUS, MAY_REBOOT, REFUSED = 0, 10, 11, 12, 13
USAGE, FILE = 64, 74
CORE = "aws.greengrass.Nucleus"
POLICY = {"timeoutInSeconds": 90, "action": "NOTIFY_COMPONENTS"}


def document(roots, **more):
    return {
        "deploymentId": "d-1",
        "components": {name: {"componentVersion": version} for name, version in roots.items()},
        "deploymentPolicies": {"componentUpdatePolicy": POLICY},
        **more,
    }


@pytest.fixture
def write(directory):
    def write(name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        path = pathlib.Path(directory, name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def run(processes):
    def run(*arguments, timeout=20):
        return processes.start(BUILD / "reprieve", *arguments).end(timeout=timeout)

    return run


@pytest.fixture
def plan(write, run):
    """Returns the exit code, and the plan in JSON."""

    def plan(roots, installed=None, catalogue=None, *arguments, **more):
        files = [write("deployment.json", document(roots, **more))]
        if installed is not None:
            files += ["--installed", write("installed.json", installed)]
        if catalogue is not None:
            files += ["--catalogue", write("catalogue.json", catalogue)]
        code, output, errors = run("plan", *files, *arguments, "--json")
        assert errors == []
        document_out = json.loads(output[0])
        VALIDATORS["DeploymentPlan"].validate(document_out)
        STRICT["DeploymentPlan"].validate(document_out)
        return code, document_out

    return plan


def versions(plan):
    return {one["component"]: one.get("after") for one in plan["components"]}


# Exit codes and forms


CATALOGUE = {
    CORE: {"2.0.3": {}, "2.0.5": {}, "2.1.0": {}},
    CAMERA: {
        "1.0.0": {"dependencies": {CORE: {"range": ">=2.0.3 <2.1.0"}}},
        "1.1.0": {"dependencies": {CORE: {"range": ">=2.0.3 <2.2.0"}}},
    },
    ROBOT: {"1.0.0": {}, "1.1.0": {}, "2.0.0": {"bootstrap": True}},
}
INSTALLED = {"components": {CORE: "2.0.5", CAMERA: "1.0.0", ROBOT: "1.0.0"}}
CODES = [
    ({CAMERA: "1.0.0", ROBOT: "1.0.0"}, NOTHING, "none", []),
    ({CAMERA: "1.0.0", ROBOT: "1.1.0"}, COMPONENTS, "components", [ROBOT]),
    ({CORE: "2.0.3", ROBOT: "1.0.0"}, NUCLEUS, "nucleus", [CAMERA, ROBOT]),
    ({ROBOT: "2.0.0"}, MAY_REBOOT, "nucleus", [CAMERA, ROBOT]),
    ({CAMERA: "1.0.0", CORE: "2.1.0"}, REFUSED, "none", []),
]


@pytest.mark.parametrize("roots, code, restarts, asks", CODES)
def test_the_exit_code_says_what_restarts(plan, roots, code, restarts, asks):
    ended, whole = plan(roots, INSTALLED, CATALOGUE)
    device = whole["existingDevice"]
    assert (ended, device["restarts"], device["asks"]) == (code, restarts, sorted(asks))
    assert (device["action"], device["timeoutMs"]) == ("NOTIFY_COMPONENTS", 90_000)
    assert device["disruption"] == ("nucleus" if restarts == "nucleus" else "components")
    assert ("refused" in device) == (code == REFUSED)


def test_a_refusal_says_which_version_would_fit(plan):
    _, whole = plan({CAMERA: "1.0.0", CORE: "2.1.0"}, INSTALLED, CATALOGUE)
    refused = whole["existingDevice"]["refused"]
    assert refused["component"] == CAMERA
    assert f"{CAMERA} 1.0.0 requires >=2.0.3 <2.1.0" in refused["reason"]
    assert refused["suggestion"] == f"{CAMERA} 1.1.0 accepts {CORE} 2.1.0"


def test_for_people_it_is_a_table(write, run):
    files = [
        write("d.json", document({CAMERA: "1.0.0", ROBOT: "1.1.0"})),
        "--installed",
        write("i.json", INSTALLED),
        "--catalogue",
        write("c.json", CATALOGUE),
    ]
    code, output, errors = run("plan", *files)
    assert (code, errors) == (COMPONENTS, [])
    there = output[output.index("On a device that is there") :]
    assert there[1].split() == ["COMPONENT", "BEFORE", "AFTER", "BECAUSE"]
    row = next(line for line in there if ROBOT in line)
    assert row.split(maxsplit=3)[:3] == [ROBOT, "1.0.0", "1.1.0"]
    assert "the deployment names 1.1.0" in row
    assert f"  restarts: components ({ROBOT} becomes 1.1.0)" in there
    assert f"  asks: {ROBOT} (NOTIFY_COMPONENTS, 90 s)" in there


def test_recipes_are_read_from_a_directory(write, run):
    recipe = {
        "ComponentName": CAMERA,
        "ComponentVersion": "1.0.0",
        "ComponentDependencies": {ROBOT: {"VersionRequirement": "~1.0.0"}},
    }
    write(f"recipes/{CAMERA}-1.0.0.json", recipe)
    other = {"ComponentName": ROBOT, "ComponentVersion": "1.0.4"}
    directory = str(pathlib.Path(write(f"recipes/{ROBOT}-1.0.4.json", other)).parent)
    files = [write("d.json", document({CAMERA: "1.0.0"})), "--recipes", directory]
    code, output, _ = run("plan", *files, "--json")
    assert code == COMPONENTS
    whole = json.loads(output[0])
    assert versions(whole["newDevice"]) == {CAMERA: "1.0.0", ROBOT: "1.0.4"}
    assert any("Greengrass Lite cannot read ~" in warning for warning in whole["warnings"])
    write("recipes/other.yaml", "ComponentName: x")
    code, _, errors = run("plan", *files)
    assert code == FILE
    assert "recipes in YAML are not read" in errors[0]


def test_a_nucleus_without_a_service_is_a_warning(plan):
    installed = {**INSTALLED, "nucleusUnit": ""}
    _, whole = plan({CORE: "2.0.3"}, installed, CATALOGUE)
    assert any("does not run as a service" in warning for warning in whole["warnings"])
    _, whole = plan({CAMERA: "1.0.0", ROBOT: "1.0.0"}, installed, CATALOGUE)
    assert not any("service" in warning for warning in whole["warnings"])


@pytest.mark.parametrize("state", ["active", "inactive", None], ids=str)
def test_the_unit_of_the_nucleus_is_looked_up(write, processes, directory, state):
    systemctl = pathlib.Path(write("bin/systemctl", f"#!/bin/sh\necho {state}\n"))
    if state is None:
        systemctl.write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    systemctl.chmod(0o755)
    files = [
        write("d.json", document({CORE: "2.0.3"})),
        "--installed",
        write("i.json", {**INSTALLED, "nucleusUnit": "greengrass.service"}),
        "--catalogue",
        write("c.json", CATALOGUE),
    ]
    path = f"{directory}/bin:{os.environ['PATH']}"
    program = processes.start(
        BUILD / "reprieve", "plan", *files, "--json", env={**os.environ, "PATH": path}
    )
    code, output, errors = program.end()
    assert (code, errors) == (NUCLEUS, [])
    warnings = [one for one in json.loads(output[0])["warnings"] if "greengrass.service" in one]
    if state == "active":
        assert warnings == []
    elif state == "inactive":
        assert "the unit greengrass.service of the nucleus is inactive" in warnings[0]
    else:
        assert warnings == ["systemd does not say whether greengrass.service runs"]


# Bad input


WRONG = [
    ("", "byte 0: expected a value, found the end"),
    ('{"components": {"A": {"version": ', "byte 33: expected a value, found the end"),
    ("[" * 100_000, "more than 64 levels deep"),
    ('{"components": {"a b": {}}}', 'components: "a b" is not a component name'),
    ('{"components": {"A": {"version": 1}}}', "components.A.version: expected a string"),
]


@pytest.mark.parametrize("text, message", WRONG, ids=[message for _, message in WRONG])
def test_a_document_that_is_wrong_has_an_error_with_its_place(write, run, text, message):
    path = write("d.json", text)
    code, output, errors = run("plan", path)
    assert (code, output) == (FILE, [])
    assert errors[0].startswith(f"reprieve: {path}: ")
    assert message in errors[0]


def test_a_deployment_in_yaml_is_said_not_to_be_read(write, run):
    path = write("d.yaml", "components:\n  A:\n    version: 1.0.0\n")
    code, _, errors = run("plan", path)
    assert code == FILE
    assert errors == [f"reprieve: {path}: deployments in YAML are not read, only in JSON"]


def test_a_document_may_come_through_a_pipe_as_slowly_as_it_is_made(directory, processes):
    path = f"{directory}/pipe"
    os.mkfifo(path)
    text = json.dumps(document({CAMERA: "1.0.0"})).encode()
    pipe = os.open(path, os.O_RDWR)
    os.write(pipe, text[:20])
    program = processes.start(BUILD / "reprieve", "plan", path)
    until(lambda: unread(pipe) == 0)
    os.write(pipe, text[20:])
    until(lambda: unread(pipe) == 0)
    os.close(pipe)
    code, _, errors = program.end()
    assert (code, errors) == (COMPONENTS, [])


def unread(pipe):
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_file_that_is_not_there_is_named(directory, run):
    code, _, errors = run("plan", f"{directory}/none.json")
    assert (code, errors) == (FILE, [f"reprieve: {directory}/none.json: there is no such file"])


def test_a_thousand_components_of_twenty_versions_take_no_time(plan):
    dependencies = {f"c{number}": {"range": "^1.2.0"} for number in range(500)}
    catalogue = {
        f"c{number}": {
            f"1.{minor}.0": {"dependencies": dependencies if number == 999 else {}}
            for minor in range(20)
        }
        for number in range(1000)
    }
    code, whole = plan({f"c{number}": "1.5.0" for number in range(1000)}, None, catalogue)
    assert code == COMPONENTS
    assert len(whole["newDevice"]["components"]) == 1000


# Beside another resolver


def parsed(version):
    return tuple(map(int, version.split(".")))


def fits(version, text):
    """Whole versions, and ranges of comparators with blanks between them only."""
    for part in text.split():
        sign = part.rstrip("0123456789.")
        bound, value = parsed(part[len(sign) :]), parsed(version)
        holds = {"": value == bound, ">=": value >= bound, "<": value < bound}
        if not holds[sign]:
            return False
    return True


def solutions(roots, catalogue):
    """Every choice of versions in which each is the highest that all its dependants accept."""
    names = sorted(catalogue)
    for choice in itertools.product(*([*catalogue[name], None] for name in names)):
        chosen = dict(zip(names, choice))
        if all(chosen[name] == wanted(name, chosen, roots, catalogue) for name in names):
            yield {name: version for name, version in chosen.items() if version}


def wanted(name, chosen, roots, catalogue):
    ranges = [roots[name]] if name in roots else []
    for other, version in chosen.items():
        dependencies = catalogue[other][version]["dependencies"] if version else {}
        if name in dependencies:
            ranges.append(dependencies[name]["range"])
    if not ranges:
        return None
    fitting = [one for one in catalogue[name] if all(fits(one, text) for text in ranges)]
    return max(fitting, key=parsed) if fitting else "none"


def some_range(dice):
    low, high = sorted(dice.sample(range(4), 2))
    return dice.choice([f">=1.{low}.0 <1.{high}.0", f">=1.{low}.0", f"<1.{high}.0", f"1.{low}.0"])


def some_catalogue(dice):
    """Components depend on later ones only, so there is at most one solution."""
    names = [f"c{number}" for number in range(dice.randint(2, 5))]
    catalogue = {}
    for index, name in enumerate(names):
        catalogue[name] = {}
        for minor in dice.sample(range(3), dice.randint(1, 3)):
            later = [other for other in names[index + 1 :] if dice.random() < 0.5]
            dependencies = {other: {"range": some_range(dice)} for other in later}
            catalogue[name][f"1.{minor}.0"] = {"dependencies": dependencies}
    return catalogue


@pytest.mark.longest(120)
def test_versions_are_those_that_trying_all_of_them_finds(plan):
    dice = random.Random(17)
    refusals = 0
    for _ in range(150):
        catalogue = some_catalogue(dice)
        roots = {name: some_range(dice) for name in catalogue if dice.random() < 0.5}
        roots = roots or {"c0": ">=1.0.0"}
        code, whole = plan(roots, None, catalogue)
        found = list(solutions(roots, catalogue))
        assert len(found) <= 1
        if not found:
            refusals += 1
            assert "refused" in whole["newDevice"], (roots, catalogue)
            assert code == REFUSED
        else:
            assert versions(whole["newDevice"]) == found[0], (roots, catalogue)
    assert 10 < refusals < 140


# A gate


def gate(daemon, processes, *arguments):
    path = ["--control-socket", daemon.control_socket]
    return processes.start(BUILD / "reprieve", "gate", *path, *arguments)


def files(write, roots, installed=INSTALLED, **more):
    return [
        "--deployment",
        write("d.json", document(roots, **more)),
        "--installed",
        write("i.json", installed),
        "--catalogue",
        write("c.json", CATALOGUE),
    ]


def test_a_gate_asks_the_components_that_the_deployment_restarts(daemon, processes, write):
    camera, robot = daemon.component(CAMERA), daemon.component(ROBOT)
    arguments = files(write, {CAMERA: "1.0.0", ROBOT: "1.1.0"})
    program = gate(daemon, processes, *arguments, "--", "true")
    notice = robot.notice()
    assert notice["deploymentId"] == "d-1"
    assert not notice["isGgcRestarting"]
    assert 80_000 < notice["respondByMs"] <= 90_000
    robot.acknowledge("d-1")
    assert program.end()[0] == 0
    assert robot.post()["outcome"] == "applied"
    assert camera.connection.is_quiet(0.2)


def test_a_gate_says_that_the_deployment_restarts_the_nucleus(daemon, processes, write):
    camera = daemon.component(CAMERA)
    program = gate(daemon, processes, *files(write, {CORE: "2.0.3", ROBOT: "1.0.0"}), "--", "true")
    notice = camera.notice()
    assert (notice["isGgcRestarting"], notice["disruption"]) == (True, "nucleus")
    camera.acknowledge("d-1")
    assert program.end()[0] == 0


@pytest.mark.parametrize(
    "roots, more",
    [
        ({CAMERA: "1.0.0", ROBOT: "1.0.0"}, {}),
        ({CORE: "2.0.3"}, {"groupName": "LOCAL_DEPLOYMENT"}),
    ],
    ids=["nothing restarts", "local"],
)
def test_a_gate_asks_nobody_where_the_deployment_does_not(daemon, processes, write, roots, more):
    camera = daemon.component(CAMERA)
    code, _, _ = gate(daemon, processes, *files(write, roots, **more), "--", "true").end()
    assert code == 0
    assert camera.connection.is_quiet(0.2)


@pytest.mark.parametrize("known", ["groups", "nothing"])
def test_a_gate_asks_all_where_what_is_installed_is_not_known(daemon, processes, write, known):
    camera, robot = daemon.component(CAMERA), daemon.component(ROBOT)
    arguments = ["--deployment", write("d.json", document({ROBOT: "1.1.0"}))]
    arguments += ["--catalogue", write("c.json", CATALOGUE)]
    if known == "groups":
        arguments += ["--groups", write("g.json", {"thinggroup/others": {CAMERA: "1.0.0"}})]
    program = gate(daemon, processes, *arguments, "--", "true")
    # What the deployment removes is not known either.
    for component in camera, robot:
        assert component.notice()["deploymentId"] == "d-1"
        component.acknowledge("d-1")
    code, _, errors = program.end()
    assert code == 0
    assert any("what is installed is not known" in line for line in errors)


def test_a_gate_asks_all_where_the_nucleus_restarts_and_no_component_is_listed(
    daemon, processes, write
):
    camera = daemon.component(CAMERA)
    arguments = files(write, {CORE: "2.0.3"}, {"components": {CORE: "2.0.5"}})
    program = gate(daemon, processes, *arguments, "--", "true")
    assert camera.notice()["isGgcRestarting"]
    camera.acknowledge("d-1")
    assert program.end()[0] == 0


def test_a_gate_asks_a_component_that_nothing_describes(daemon, processes, write):
    camera, robot = daemon.component(CAMERA), daemon.component(ROBOT)
    arguments = files(write, {CAMERA: "1.0.0", ROBOT: "1.1.0"})
    write("c.json", {ROBOT: CATALOGUE[ROBOT]})
    program = gate(daemon, processes, *arguments, "--", "true")
    for component in camera, robot:
        component.notice()
        component.acknowledge("d-1")
    code, _, errors = program.end()
    assert code == 0
    assert any(f"no recipe or catalogue describes {CAMERA}:" in line for line in errors)


def test_a_gate_announces_nothing_for_a_deployment_that_is_refused(daemon, processes, write):
    camera = daemon.component(CAMERA)
    arguments = files(write, {CAMERA: "1.0.0", CORE: "2.1.0"})
    code, _, errors = gate(daemon, processes, *arguments, "--", "true").end()
    assert code == REFUSED
    assert f"{CAMERA} 1.1.0 accepts {CORE} 2.1.0" in errors[-1]
    assert camera.connection.is_quiet(0.2)


@pytest.mark.parametrize("option", [["--component", CAMERA], ["--skip-notify"]])
def test_what_a_deployment_says_is_not_said_twice(run, option):
    code, _, errors = run("gate", "--deployment", "d.json", *option, "--", "true")
    assert code == USAGE
    assert "--deployment says what --component" in errors[0]


def test_files_of_a_plan_require_a_deployment(run):
    code, _, errors = run("gate", "--installed", "i.json", "--", "true")
    assert code == USAGE
    assert "require --deployment" in errors[0]
