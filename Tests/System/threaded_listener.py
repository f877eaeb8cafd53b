# SPDX-License-Identifier: Apache-2.0
"""A Unix socket whose clients are served on a thread each."""

import contextlib
import socket
import threading


class ThreadedListener:
    """`serve` is called with each client, on a thread of its own."""

    def __init__(self, path):
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self.serve, args=[client], daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
