"""Server-sent events as upstreams send them, which is more than one way."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, NamedTuple

import orjson

from ..json_text import read_as_clients_do

LONGEST = 4 * 1024 * 1024
"""Bytes of one event; more is not an answer but a fault."""
DONE = b"[DONE]"
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event's data."""

    value: Any
    raw: bytes | None
    """The JSON text of ``value`` on one line, or None where that has to be written again: it holds halves of
    characters, is no strict JSON or has several lines."""


async def events(blocks: AsyncIterable[bytes]) -> AsyncIterator[Event | None]:
    """Each event with data as soon as it is whole; None for the mark that ends the stream.

    Comments, other fields and data of nothing, all of which are sent to keep a connection alive, are passed over. An
    event ends with a blank line, but one whose first line is a whole JSON text ends there: some upstreams send no blank
    lines.

    Raises:
        ValueError: for data that is not JSON, or too long.
    """
    parts: list[bytes] = []
    size = 0
    async for line in _lines(blocks):
        name, _, data = line.partition(b":")
        if name == b"data":
            data = data.strip()
            if not parts:
                if not data:
                    continue
                if data == DONE:
                    yield None
                    continue
                if (event := _whole(data)) is not None:
                    yield event
                    continue
            parts.append(data)
            size += len(data) + 1
            if size > LONGEST:
                raise ValueError("event too long")
        elif not line and parts:
            yield _joined(parts)
            parts, size = [], 0
        elif (error := _bare_error(name, line)) is not None:
            yield error
    if parts:
        yield _joined(parts)


def _whole(data: bytes) -> Event | None:
    try:
        return Event(orjson.loads(data), data)
    except orjson.JSONDecodeError:
        pass
    try:
        return Event(read_as_clients_do(data), None)
    except ValueError:
        return None


def _bare_error(name: bytes, line: bytes) -> Event | None:
    """An error that is no event: Ollama writes it as a line of JSON, llama.cpp as a field of that name."""
    if name != b"error" and not line.startswith(b"{"):
        return None
    event = _whole(line.removeprefix(b"error:").strip())
    if event is None or not isinstance(event.value, dict):
        return None
    if name == b"error":
        return Event({"error": event.value}, event.raw)
    return event if event.value.get("error") else None


def _joined(parts: list[bytes]) -> Event:
    return Event(read_as_clients_do(b"\n".join(parts)), None)


async def _lines(blocks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    r"""Lines that end with ``\n``, ``\r\n`` or ``\r``, without their end.

    Raises:
        ValueError: for a line that is too long.
    """
    rest = b""
    is_first = True
    async for block in blocks:
        text = rest + block
        if is_first and len(text) >= len(_BOM):
            text = text.removeprefix(_BOM)
            is_first = False
        if b"\r" in text:
            # A trailing one may be the first half of a line's end.
            held = b"\r" if text.endswith(b"\r") else b""
            text = text.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        *whole, rest = text.split(b"\n")
        for line in whole:
            yield line
        if len(rest) > LONGEST:
            raise ValueError("line too long")
    if rest := rest.rstrip(b"\r"):
        yield rest.removeprefix(_BOM)
