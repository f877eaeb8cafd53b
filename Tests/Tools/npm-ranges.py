#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes Tests/DeploymentsTests/npm-ranges.txt: which versions are in a range, as another
implementation of npm's ranges says. Needs `pip install node-semver==0.9.1`.

The first line has the versions. Each other line has a range, a tab, and those that are in it, or
`-` where the text is no range.
"""

import itertools
import pathlib

import nodesemver

FILE = pathlib.Path(__file__).resolve().parents[1] / "DeploymentsTests/npm-ranges.txt"
VERSIONS = """
0.0.0-alpha 0.0.0 0.0.1 0.0.3-beta 0.0.3-beta.2 0.0.3 0.0.4-alpha 0.0.4 0.1.0 0.2.2 0.2.3-rc.1
0.2.3 0.2.9 0.3.0-0 0.3.0 0.9.9 1.0.0-beta 1.0.0 1.1.9 1.2.0-alpha 1.2.0 1.2.2 1.2.3-alpha
1.2.3-beta.1 1.2.3-beta.2 1.2.3-beta.11 1.2.3-rc 1.2.3 1.2.4-beta 1.2.4 1.2.9 1.3.0-alpha 1.3.0
1.9.9 2.0.0-alpha 2.0.0 2.0.1 2.1.0 2.3.4 2.3.5 2.4.0 3.0.0-rc.1 3.0.0 10.2.0
""".split()
SIGNS = ["", "=", ">", ">=", "<", "<=", "~", "~>", "^", "> ", ">= ", "~ ", "^ "]
PARTIALS = """
0 0.0 0.0.3 0.0.3-beta 0.2 0.2.3 0.x 0.0.x 1 1.2 1.2.3 1.2.3-beta.2 1.x 1.2.x 1.2.* 1.X.X * x 2
2.0 2.0.0 3.0.0 v1.2.3
""".split()
COMBINED = """\
1.2.3 - 2.3.4
1.2.3 - 2.3
1.2.3 - 2
1.2 - 2.3.4
1 - 2
1.2.3-beta.2 - 2
0 - 0.2
* - 1.2.3
1 - *
>=1.2.3 <2.0.0
>1.2 <3.0
>1.2.3 <=2.0
>=0.0.3-beta <1
>=2.0.0 <2.1.0
>=1.2.3-alpha <1.2.4
1.2 <1.2.8
^1.2 <1.9.9
~1.2.3 >1.2.3
>=1.0.0 <1.3.0 >1.1.9
>2.0.0 <2.0.0
<1 >2
1.2.3 || 1.2.4
1.2 <1.2.8 || >2.0.0
^0.2 || ^2.0
~0.0.3||~1.2.3
1 || 3.x
<0.1.0 || >=2.1.0
1.2.3||
""".splitlines()
WRONG = """
1.2.3.4 a.b.c 1.2.3- 1.2.3+ >=< 01.2.3 1.02.3 1.2.3-01 1..2 .1 1. >=x.y 1.2.3-beta..2 ~^1 1.2.3-é
1,2,3 1.2.3,<2 - 1-2-3-
""".split()


def members(text):
    try:
        parsed = nodesemver.make_range(text, loose=False)
    except Exception:
        return None
    return [version for version in VERSIONS if parsed.test(nodesemver.make_semver(version, False))]


def lines():
    yield " ".join(VERSIONS)
    simple = (sign + partial for sign, partial in itertools.product(SIGNS, PARTIALS))
    for text in ["", *simple, *COMBINED, *WRONG]:
        found = members(text)
        yield text + "\t" + ("-" if found is None else " ".join(found))


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()) + "\n")
