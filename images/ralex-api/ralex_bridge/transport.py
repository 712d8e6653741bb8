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
    """uvicorn's protocol on such a transport, with a bound on how long a request's head may take."""

    head_seconds = 20.0
    """From the connection, or a request's first byte, to the end of its head; uvicorn alone would wait for ever."""

    _in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As a protocol's."""
        super().connection_made(cast("asyncio.Transport", JoiningTransport(transport)))
        self._bound_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """As a protocol's."""
        self._in_head = False
        self._bound_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The parser saw a request's first byte."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The parser saw the end of a request's head."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """As a protocol's. A head that comes whole, as nearly all do, starts no timer."""
        super().data_received(data)
        if self._in_head or self._head_timer is not None:
            self._bound_head()

    def _bound_head(self) -> None:
        if self._in_head:
            self._head_timer = self._head_timer or self.loop.call_later(self.head_seconds, self.transport.close)
        elif self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
