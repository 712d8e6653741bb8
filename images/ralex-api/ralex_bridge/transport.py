"""Sends an answer's head together with its body: uvicorn writes them apart, and each write is a system call."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = b"HTTP/1.1 "


class JoiningTransport:
    """A transport that holds a head back until the body follows, or until the loop's next turn."""

    __slots__ = ("_head", "_loop", "_transport", "_write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._write = transport.write
        self._head = b""
        self._loop = asyncio.get_running_loop()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """As a transport's; what begins like a head waits for the next call."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(HEAD):
            self._head = data
            # An answer to HEAD has no body that would follow.
            self._loop.call_soon(self.flush)
            return
        self._write(data)

    def flush(self) -> None:
        """Sends a head that no body followed."""
        if self._head:
            head, self._head = self._head, b""
            self._write(head)

    def close(self) -> None:
        """As a transport's."""
        self.flush()
        self._transport.close()


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's protocol on such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As a protocol's."""
        super().connection_made(cast("asyncio.Transport", JoiningTransport(transport)))
