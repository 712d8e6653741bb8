"""A relay in front of a server, which can lose its connections as a host does that goes away: without a word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .services import free_port


class Relay:
    """Passes bytes on between its port and another one."""

    def __init__(self, to: int) -> None:
        self.port = free_port()
        self._to = to
        self._lost = threading.Event()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self) -> int:
        """Lets every connection that is open hang for ever; new ones work. Returns how many."""
        self._lost.set()
        self._lost = threading.Event()
        return len(self._ends) // 2

    def close(self) -> None:
        for end in [self._listener, *self._ends]:
            with suppress(OSError):
                # Wakes the thread that reads it.
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self._ends += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(*pair, self._lost), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket, lost: threading.Event) -> None:
        try:
            while data := source.recv(65536):
                if lost.is_set():
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


@contextmanager
def relay(to: int) -> Iterator[Relay]:
    """A relay to a port of this machine, for the time of a test."""
    made = Relay(to)
    try:
        yield made
    finally:
        made.close()
