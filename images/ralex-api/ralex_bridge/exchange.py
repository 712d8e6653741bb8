"""One request and its answer, straight on ASGI: the framework's request objects cost more than the work itself."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Mapping
from time import perf_counter
from types import TracebackType
from typing import Any

from starlette.types import Receive, Scope, Send

from .errors import ApiError, server_error

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
"""What is taken over from ``X-Request-Id``; anything else gets an id made here."""
MOST_DISCARDED = 16 * 1024 * 1024
"""Bytes of a refused body that are read and dropped, so that its sender sees the refusal and not a reset."""
DISCARD_SECONDS = 2.0

LARGE = 1024 * 1024
"""Bytes up to which a body needs no room of its own."""
LARGEST_AT_ONCE = 3
"""How many bodies of the largest size are answered at once. Each is up to seven times its size in memory (56 MiB of 8):
text with one wide character takes four bytes a character. The stack gives the process as much."""

STALLED_SECONDS = 60.0
"""How long a client may take nothing of its stream before it counts as gone; nginx's own bound is the same."""

Header = tuple[bytes, bytes]


class Exchange:
    """A request, what became known about it on the way, and the means to answer it."""

    __slots__ = (
        *("scope", "headers", "receive", "_send", "method", "path", "id", "_id", "started"),
        *("key_name", "route", "model", "upstream", "reason", "status", "begun", "held"),
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.started = perf_counter()
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.receive = receive
        self._send = send
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        given = self.headers.get(b"x-request-id", b"")
        self._id = given if REQUEST_ID.fullmatch(given) else os.urandom(16).hex().encode()
        self.id = self._id.decode()
        self.key_name: str | None = None
        self.route = "other"
        self.model: str | None = None
        self.upstream: str | None = None
        self.reason: str | None = None
        self.status = 0
        self.begun = False
        self.held = 0

    async def send(self, message: Any) -> None:
        """Passes an ASGI message on, with the request's id in the head."""
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._id)]
        await self._send(message)

    async def respond(
        self, status: int, body: bytes, headers: Iterable[Header] = (), content_type: bytes = b"application/json"
    ) -> None:
        """Answers at once."""
        self.begun = True
        self.status = status
        head = [
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", self._id),
            *headers,
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        await self._send({"type": "http.response.body", "body": body})

    async def refuse(self, error: ApiError) -> None:
        """Answers with an error."""
        self.reason = error.code
        await self.respond(error.status, error.body(), encoded(error.headers))

    async def begin_events(self, headers: Iterable[Header] = ()) -> None:
        """Begins an answer of server-sent events, told not to be buffered or cached on the way."""
        self.begun = True
        self.status = 200
        head = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-cache"),
            (b"x-accel-buffering", b"no"),
            (b"x-request-id", self._id),
            *headers,
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": head})

    async def event(self, data: bytes, *, last: bool = False) -> None:
        """Sends one server-sent event; the last one ends the answer."""
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await self._send({"type": "http.response.body", "body": b"data: %b\n\n" % data, "more_body": not last})
        except TimeoutError:
            raise Disconnected from None

    async def body(self, most: int, seconds: float, room: LargeBodies) -> bytes:
        """The whole body. What it takes of ``room`` stands in ``held``, and is to be given back with the answer.

        Raises:
            ApiError: status 413 beyond ``most`` bytes, 503 without room, 408 if it takes longer than ``seconds``.
        """
        declared = self.headers.get(b"content-length")
        expected = 0 if declared is None else int(declared)
        if expected > most:
            await self._discard(expected)
            raise _too_large(most)
        if expected > LARGE:
            self._hold(expected, room)
        blocks: list[bytes] = []
        size = 0
        more = True
        try:
            async with asyncio.timeout(seconds):
                while more and size <= most:
                    message = await self.receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
                    more = message.get("more_body", False)
                    blocks.append(message.get("body", b""))
                    size += len(blocks[-1])
                    if size > LARGE and not self.held:
                        # Of unknown length: it may become the largest.
                        self._hold(most, room)
        except TimeoutError:
            message_text = f"the body did not arrive within {seconds:g} s"
            raise ApiError(408, "body_timeout", message_text, headers={"Connection": "close"}) from None
        if size > most:
            if more:
                await self._discard(size)
            raise _too_large(most)
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)

    def _hold(self, size: int, room: LargeBodies) -> None:
        if not room.take(size):
            # Not discarded first: uvicorn drops what still comes, at the sender's speed.
            message = "too many large requests are being answered; try again in a moment"
            raise server_error(503, "too_many_large_bodies", message, headers={"Retry-After": "2"})
        self.held = size

    async def _discard(self, size: int) -> None:
        """Reads the rest of a body that is refused, unless it is huge or its sender waits to be asked for it."""
        if size > MOST_DISCARDED or b"expect" in self.headers:
            return
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                while (await self.receive()).get("more_body", False):
                    pass
        except TimeoutError:
            pass


def encoded(headers: Mapping[str, str]) -> list[Header]:
    """Headers as ASGI has them."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


class LargeBodies:
    """Room for the bodies above ``LARGE`` bytes that are being answered, counted in their bytes.

    A body is in memory several times until its answer: as sent, as a document, and as it goes on to the upstream.
    """

    __slots__ = ("_free",)

    def __init__(self, largest: int) -> None:
        self._free = LARGEST_AT_ONCE * largest

    def take(self, size: int) -> bool:
        """Takes room, or says that there is none."""
        if size > self._free:
            return False
        self._free -= size
        return True

    def give(self, size: int) -> None:
        """Gives it back."""
        self._free += size


def _too_large(most: int) -> ApiError:
    message = f"the body is larger than the {most} bytes that are allowed"
    return ApiError(413, "body_too_large", message, headers={"Connection": "close"})


class Disconnected(Exception):
    """The client went away; there is nobody to answer."""


class DisconnectWatch:
    """Cancels the current task when the client goes away, and with it the call to the upstream.

    Args:
        after: seconds until watching begins; a quick answer then costs no second task.
    """

    __slots__ = ("_after", "_receive", "_task", "_timer", "_watcher", "gone")

    def __init__(self, exchange: Exchange, after: float) -> None:
        self._receive = exchange.receive
        self._after = after
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.gone = False

    def __enter__(self) -> DisconnectWatch:
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(self._after, self._begin)
        return self

    def _begin(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task is not None:
            self.gone = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task = None
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self.gone:
            raise Disconnected from None
