#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the README's picture of a terminal out of what the demo prints.

    Samples/demo.sh | Tests/Tools/demo-picture.py >Samples/demo.svg
    Samples/demo.sh | Tests/Tools/demo-picture.py --check Samples/demo.svg

--check fails if the demo now prints other lines than the picture has. Times, and how often the
gate shows its progress, are different each time.
"""

import html
import re
import sys
import textwrap
import xml.etree.ElementTree

BEGIN, END = "== An update", "== That is all"
COLUMNS, CHARACTER, LINE, MARGIN = 100, 8.43, 19, 18
BACKGROUND, PLAIN, BOLD = "#0d1117", "#c9d1d9", "#ffffff"
COLOURS = {
    "[com.example.Camera]": "#ffa657",
    "[com.example.Robot]": "#79c0ff",
    "[com.example.Till]": "#d2a8ff",
    "[reprieve gate]": "#7ee787",
    "[the update]": "#7ee787",
}
SVG = "{http://www.w3.org/2000/svg}"
# The daemon's log, which a device has in its journal, and what the status says besides the update.
LEFT_OUT = re.compile(
    r"reprieved: .*\n|^\d+ components? connected\n(?: .*\n)*\n?|logind .*\n", re.MULTILINE
)


def shown(printed):
    """The lines that the picture has of what the demo printed."""
    text = LEFT_OUT.sub("", printed[printed.index(BEGIN) : printed.index(END)])
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n").split("\n")


def wrapped(line):
    indent = " " * (line.find("]") + 2 if line.startswith("[") else 2)
    if len(line) <= COLUMNS:
        return [line]
    return textwrap.wrap(line, COLUMNS, subsequent_indent=indent, break_on_hyphens=False)


def span(text, colour, **more):
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<tspan fill="{colour}"{attributes}>{html.escape(text, quote=False)}</tspan>'


def drawn(line, number):
    """One line, which may take several rows, and the number of the next row."""
    rows = wrapped(line)
    label = next((label for label in COLOURS if line.startswith(label)), "")
    colour = BOLD if line.startswith("== ") else PLAIN
    spans = [span(label, COLOURS[label])] if label else []
    spans.append(span(rows[0][len(label) :], colour))
    for row in rows[1:]:
        indent = len(row) - len(row.lstrip())
        x = MARGIN + indent * CHARACTER
        spans.append(span(row.lstrip(), colour, x=f"{x:.1f}", dy=LINE))
    y = MARGIN + LINE * number + 14
    return f'<text x="{MARGIN}" y="{y}">{"".join(spans)}</text>', number + len(rows)


def picture(lines):
    texts, number = [], 0
    for line in lines:
        text, number = drawn(line, number)
        texts.append(text)
    width, height = 2 * MARGIN + round(COLUMNS * CHARACTER), 2 * MARGIN + LINE * number
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
        '    font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace"',
        '    font-size="14" xml:space="preserve" style="white-space: pre">',
        "<title>Three components hold back an update</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
        *texts,
        "</svg>\n",
    ])  # fmt: skip


def lines_of(svg):
    """The lines that a picture was made of."""
    return [
        " ".join(filter(None, ["".join(first(text)), *rest(text)]))
        for text in xml.etree.ElementTree.fromstring(svg).iter(SVG + "text")
    ]


def first(text):
    return [one.text or "" for one in text if "x" not in one.attrib]


def rest(text):
    return [one.text for one in text if "x" in one.attrib]


def shape(lines):
    """What is the same each time. The components' lines come in any order."""
    lines = {re.sub(r"\s+", " ", re.sub(r"[\d.:]*\d", "0", line)) for line in lines}
    return {re.sub(r"(waiting for) com\..*", r"\1 ...", line) for line in lines}


def check(svg, printed):
    """What the picture lacks, and what it should not have."""
    now, then = shape(shown(printed)), shape(lines_of(svg))
    return sorted([f"+ {line}" for line in now - then] + [f"- {line}" for line in then - now])


if __name__ == "__main__":
    printed = sys.stdin.read()
    if sys.argv[1:2] == ["--check"]:
        with open(sys.argv[2]) as file:
            differences = check(file.read(), printed)
        if differences:
            sys.exit("\n".join([f"{sys.argv[2]} is not what the demo prints:", *differences]))
    else:
        sys.stdout.write(picture(shown(printed)))
