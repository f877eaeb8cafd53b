# SPDX-License-Identifier: Apache-2.0
"""The journal: an update's story under its id, and an explanation of each message."""

import json
import re

import pytest
from daemon import ROOT
from machine import Machine
from rig import needs_systemd

CATALOGUE = ROOT / "Packaging/reprieve.catalog"
INSTALLED = "/usr/lib/systemd/catalog/reprieve.catalog"


def test_every_message_is_explained():
    number = re.compile(r"\b[0-9a-f]{32}\b")
    sources = (ROOT / "Sources").rglob("*.swift")
    used = [found for source in sources for found in number.findall(source.read_text())]
    explained = number.findall(CATALOGUE.read_text())
    assert len(used) > 8
    assert sorted(used) == sorted(set(explained)) == sorted(explained)


def test_what_does_not_lead_to_the_journal_gets_lines(start):
    # As where a service sends its standard error elsewhere.
    daemon = start(environment={"JOURNAL_STREAM": "8:4711"})
    daemon.component().connection.close()
    daemon.stop()
    lines = daemon.log.read_text().splitlines()
    assert lines and all(line.startswith("reprieved: ") for line in lines)


@needs_systemd
@pytest.mark.systemd
def test_an_updates_story_is_found_by_its_id(tmp_path):
    with Machine(tmp_path / "out", files={CATALOGUE: INSTALLED}) as machine:
        camera, robot = machine.component("camera"), machine.component("robot")
        other = machine.start_reprieve("gate", "--deployment-id", "d-2", "--component", "camera")
        assert camera.notice()["deploymentId"] == "d-2"
        gate = machine.start_reprieve(
            "gate", "--deployment-id", "d-1", "--response-timeout", "1s", "--", "true"
        )
        robot.notice()
        camera.answer("d-1", 1_500, message="recording")
        assert camera.notice()["round"] == 2
        camera.say("d-1", 0)
        assert gate.end()[0] == 0
        camera.say("d-2", 0)
        other.end()
        entries = machine.live_journal("DEPLOYMENT_ID=d-1", "--output=json").splitlines()
        entries = [json.loads(line) for line in entries]
        machine.run("journalctl", "--update-catalog")
        explained = machine.live_journal("DEPLOYMENT_ID=d-1", "--catalog")
    told = [(entry.get("COMPONENT"), re.split(": | on ", entry["MESSAGE"])[0]) for entry in entries]
    assert told == [
        (None, entries[0]["MESSAGE"]),
        ("camera", 'camera deferred update "d-1" by 1500 ms'),
        ("robot", 'update "d-1" goes ahead without an answer from robot'),
        (None, 'update "d-1" was released'),
        (None, 'update "d-1" was completed'),
    ]
    assert entries[0]["MESSAGE"].startswith('update "d-1" was announced by uid 0, pid ')
    assert entries[0]["DISRUPTION"] == "components"
    assert "recording" in entries[1]["MESSAGE"]
    assert entries[3]["BASIS"] == "silence"
    assert entries[4]["OUTCOME"] == "applied"
    assert {entry["_SYSTEMD_UNIT"] for entry in entries} == {"reprieved.service"}
    assert len({entry["MESSAGE_ID"] for entry in entries}) == 5
    assert "Here it was: silence." in explained
    assert "camera has asked for more time before update d-1" in explained
