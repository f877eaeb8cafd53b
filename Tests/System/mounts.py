# SPDX-License-Identifier: Apache-2.0
"""File systems that only this process and its children see, and that are gone with them."""

import ctypes
import errno
import os
import subprocess
import threading

CLONE_FS = 0x200
CLONE_NEWNS = 0x20000
C = ctypes.CDLL(None, use_errno=True)


class Mounts:
    """A mount namespace of its own for the calling thread, until it is left."""

    def __enter__(self):
        self._place = os.getcwd()
        self._home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/mnt", os.O_RDONLY)
        self._mounted = []
        check(C.unshare(CLONE_NEWNS))
        run("mount", "--make-rprivate", "/")
        return self

    def __exit__(self, *_):
        for path in self._mounted:
            run("umount", "--lazy", path)
        # Threads that were started meanwhile share what is about to change.
        check(C.unshare(CLONE_FS))
        check(C.setns(self._home, CLONE_NEWNS))
        os.close(self._home)
        os.chdir(self._place)

    def tmpfs(self, path, *options):
        path.mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", ",".join(["mode=755", *options]), "tmpfs", path)
        self._mounted.append(path)
        return path

    def change(self, path, *options):
        run("mount", "-o", ",".join(["remount", *options]), path)


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=10)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def fill(directory):
    """Leaves no room on a disk. Returns the file that takes it all."""
    file = directory / "ballast"
    with open(file, "ab", buffering=0) as ballast:
        for size in 4096, 1:
            while True:
                try:
                    ballast.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    break
    return file
