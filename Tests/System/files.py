# SPDX-License-Identifier: Apache-2.0
"""The daemon's two files, read and changed from outside."""

import struct

from protocol import decode_headers, encode


def frames(path):
    """The frames of a file, as (headers, payload)."""
    rest = path.read_bytes()
    while rest:
        length, headers = struct.unpack(">II", rest[:8])
        yield decode_headers(rest[12 : 12 + headers]), rest[12 + headers : length - 4]
        rest = rest[length:]


def change_headers(path, **changes):
    """Writes other values into every frame that has these headers."""
    found = list(frames(path))
    for headers, _ in found:
        headers.update({name: value for name, value in changes.items() if name in headers})
    path.write_bytes(b"".join(encode(*frame) for frame in found))


def reboot(daemon):
    """What a reboot leaves: no runtime directory, and state of a boot that is over."""
    daemon.kill()
    for file in daemon.directory.iterdir():
        if file.is_file() and file.name != "log":
            file.unlink()
    if (state := daemon.state_directory / "state").exists():
        change_headers(state, boot="00000000-0000-4000-8000-000000000000")
