# SPDX-License-Identifier: Apache-2.0
"""Writes what the programs consist of, as an SPDX 2.3 document. Needs a build, which has found
the versions of the packages.

    sbom.py FILE
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).parent.parent
LINKED = ["swift-argument-parser"]
OTHERS = ["swift-log", "swift-service-lifecycle", "swift-async-algorithms", "swift-collections"]
ANY = "NOASSERTION"


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def versions():
    """The version and the address of each Swift package. A source archive keeps them."""
    kept = TOP / "Vendor/Package.resolved"
    pins = json.loads((kept if kept.exists() else TOP / "Package.resolved").read_text())["pins"]
    return {one["identity"]: (one["state"]["version"], one["location"]) for one in pins}


def package(name, version, licence, location=ANY, **more):
    return {
        "SPDXID": f"SPDXRef-{name}",
        "name": name,
        "versionInfo": version or ANY,
        "downloadLocation": location if location.startswith("https://") else ANY,
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": ANY,
        **more,
    }


def relation(one, kind, other):
    return {
        "spdxElementId": f"SPDXRef-{one}",
        "relationshipType": kind,
        "relatedSpdxElement": f"SPDXRef-{other}",
    }


def document():
    shell = '. Packaging/version.sh && echo "$VERSION $SOURCE_DATE_EPOCH"'
    version, epoch = output("sh", "-c", f"cd '{TOP}' && {shell}").split()
    date = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    compiler = output("swift", "--version")
    resolved = versions()
    swift = re.search(r"Swift version (\S+)", compiler)[1]
    gcc = output(os.environ.get("CC", "cc"), "-dumpfullversion", "-dumpversion").strip()
    linked = [
        package(name, resolved[name][0], "Apache-2.0 WITH Swift-exception", resolved[name][1])
        for name in LINKED
    ]
    linked += [
        package("swift-runtime", swift, "Apache-2.0 WITH Swift-exception"),
        package("libstdcxx", gcc, "GPL-3.0-or-later WITH GCC-exception-3.1"),
    ]
    loaded = [
        package("libsystemd", None, "LGPL-2.1-or-later"),
        package("glibc", None, "LGPL-2.1-or-later"),
    ]
    source = [
        package(name, resolved[name][0], "Apache-2.0", resolved[name][1])
        for name in OTHERS if name in resolved
    ]  # fmt: skip
    top = package("reprieve", version, "Apache-2.0")
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"reprieve-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/reprieve-{version}-{epoch}",
        "creationInfo": {
            "created": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: Packaging/sbom.py"],
        },
        "packages": [top, *linked, *loaded, *source],
        "relationships": [
            relation("DOCUMENT", "DESCRIBES", "reprieve"),
            *(relation("reprieve", "STATIC_LINK", one["name"]) for one in linked),
            *(relation("reprieve", "DYNAMIC_LINK", one["name"]) for one in loaded),
            *(relation(one["name"], "OPTIONAL_DEPENDENCY_OF", "reprieve") for one in source),
        ],
    }


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(json.dumps(document(), indent=2) + "\n")
