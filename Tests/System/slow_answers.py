# SPDX-License-Identifier: Apache-2.0
"""A way to a broker's control socket on which an answer to a request arrives late."""

import contextlib
import socket
import threading

from threaded_listener import ThreadedListener


class SlowAnswers(ThreadedListener):
    def __init__(self, path, target):
        self.target = str(target)
        self.asked, self.answered = threading.Event(), threading.Event()
        super().__init__(path)

    def serve(self, client):
        broker = socket.socket(socket.AF_UNIX)
        broker.connect(self.target)
        threading.Thread(target=self._ask, args=[client, broker], daemon=True).start()
        self._answer(broker, client)

    def _ask(self, client, broker):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                broker.sendall(data)
            broker.shutdown(socket.SHUT_RDWR)

    def _answer(self, broker, client):
        with contextlib.suppress(OSError), broker, client:
            # The answer to the handshake.
            client.sendall(broker.recv(65536))
            while data := broker.recv(65536):
                self.asked.set()
                self.answered.wait()
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.answered.set()
        super().close()
