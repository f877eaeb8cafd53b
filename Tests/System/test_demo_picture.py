# SPDX-License-Identifier: Apache-2.0
"""The README's picture is of the demo: Tests/Tools/demo-picture.py. Tests/run.sh demo compares it
with what the demo prints."""

import importlib.util

import pytest
from daemon import ROOT

PICTURE = ROOT / "Samples/demo.svg"
SPECIFICATION = importlib.util.spec_from_file_location("tool", ROOT / "Tests/Tools/demo-picture.py")
tool = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(tool)

DRAWN = [
    "== An update of the nucleus: reprieve gate -- COMMAND",
    "[reprieve gate] waiting for com.example.Camera (asked), 40 s left; at most 40 s more",
    "[com.example.Camera] not now, I am recording for 7 s more",
    "",
    "  COMPONENT           STATE         SINCE",
    "  com.example.Camera  deferred      1.8 s",
]
PRINTED = "\n".join([
    "== Starting", "reprieved: a line of its log", *DRAWN, "", "1 component connected",
    "== That is all", "",
])  # fmt: skip


def test_it_is_what_the_tool_draws_of_its_lines():
    svg = PICTURE.read_text()
    assert tool.picture(tool.lines_of(svg)) == svg


def test_the_readme_shows_it_with_what_it_says():
    assert "](Samples/demo.svg)" in (ROOT / "README.md").read_text()
    lines = tool.lines_of(PICTURE.read_text())
    assert any("not now" in line for line in lines)
    assert any("released" in line for line in lines)
    assert all(len(row) <= tool.COLUMNS for line in lines for row in tool.wrapped(line))


def test_other_times_and_another_order_make_no_difference():
    svg = tool.picture(DRAWN)
    first, *rest = PRINTED.replace("40 s", "9 s").replace("1.8 s", "12 s").split("\n")
    assert tool.check(svg, "\n".join([first, *rest])) == []


@pytest.mark.parametrize(
    "old, new", [("recording", "welding"), ("STATE ", ""), ("[com.example.Camera]", "[camera]")]
)
def test_another_line_is_noticed(old, new):
    differences = tool.check(tool.picture(DRAWN), PRINTED.replace(old, new))
    assert [one[0] for one in differences] == ["+", "-"]


def test_what_is_missing_is_noticed():
    without = PRINTED.replace(DRAWN[2] + "\n", "")
    assert tool.check(tool.picture(DRAWN), without) == [f"- {DRAWN[2].replace('7', '0')}"]
