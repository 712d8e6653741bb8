"""Reading server-sent events off a connection, piece by piece."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

from .bridge import KEY, Bridge


class Stream:
    """A streamed chat answer whose end the test decides."""

    def __init__(self, bridge: Bridge, model: str, headers: dict[str, str] | None = None, **more: Any) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=15)
        document = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hello"}], **more}
        sent = {"Authorization": f"Bearer {KEY}", **(headers or {})}
        self._connection.request("POST", "/v1/chat/completions", json.dumps(document), sent)
        assert isinstance(self._connection.sock, socket.socket)
        self._socket = self._connection.sock
        self.response = self._connection.getresponse()

    def events(self) -> Iterator[Any]:
        """Each event's JSON, or the text ``[DONE]``."""
        while line := self.response.readline():
            if line.startswith(b"data: "):
                data = line[6:].strip()
                yield "[DONE]" if data == b"[DONE]" else json.loads(data)

    def leave(self) -> None:
        """Goes away in the middle."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self.response.close()
        self._connection.close()
