# SPDX-License-Identifier: Apache-2.0
"""A way to a broker's control socket on which an answer to a request arrives late."""

import contextlib
import socket
import threading


class SlowAnswers:
    def __init__(self, path, target):
        self.path, self.target = path, str(target)
        self.asked, self.answered = threading.Event(), threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                broker = socket.socket(socket.AF_UNIX)
                broker.connect(self.target)
                threading.Thread(target=self._ask, args=[client, broker], daemon=True).start()
                threading.Thread(target=self._answer, args=[broker, client], daemon=True).start()

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

    def close(self):
        self.answered.set()
        self._listener.close()
