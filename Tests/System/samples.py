# SPDX-License-Identifier: Apache-2.0
"""The samples as programs to start."""

import functools
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest
from daemon import BUILD, ROOT

SAMPLES = ROOT / "Samples"
NAME = "com.example.It"


def plain_python():
    return [sys.executable, SAMPLES / "python-component/component.py", NAME]


def aws_sdk():
    if importlib.util.find_spec("awsiot") is None:
        pytest.skip("awsiotsdk is not installed; Tests/run.sh installs it")
    return [sys.executable, SAMPLES / "aws-sdk-component/component.py", NAME]


def swift():
    if not (BUILD / "sample-component").exists():
        pytest.skip("sample-component is not built")
    return [BUILD / "sample-component", NAME]


@functools.cache
def directory_of_builds():
    return tempfile.TemporaryDirectory(prefix="reprieve-samples-")


@functools.cache
def c():
    """Built as its first lines say, but with more warnings, each of them an error, and so that it
    stops at the first read or write out of place, overflow, or other undefined behaviour."""
    program = pathlib.Path(directory_of_builds().name) / "component"
    source = SAMPLES / "c-component/component.c"
    options = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-O2", "-g"]
    options += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    subprocess.run(["cc", *options, "-o", program, source], check=True, timeout=60)
    return [program, NAME]


def shell():
    return [SAMPLES / "shell-component/component.sh", NAME]


# The words before the seconds that a component is busy.
COMPONENTS = {
    "plain Python": plain_python,
    "AWS SDK": aws_sdk,
    "Swift": swift,
    "C": c,
    "shell": shell,
}


def environment(socket, **more):
    """What a component's environment says: where the broker is, and who it is itself."""
    return {
        "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": str(socket),
        "SVCUID": NAME,
        "PATH": f"{BUILD}:{os.environ['PATH']}",
    } | more
