"""Bounds on the structure of a JSON text: a small one can hold very many objects, or very deep ones.

What a body costs in memory follows from its objects, lists and values rather than from its bytes: 1 MiB of ``{}`` takes
36 MiB. What is nested too deep can be read by orjson (1024 levels) but not written again (254).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DEEPEST = 200
"""Levels of objects and lists within each other, the outermost included."""
MOST_CONTAINERS = 20_000
"""Objects and lists; a thousand messages of ten parts each are 12,000. About 2 MiB where each is empty."""
MOST_COMMAS = 200_000
"""Commas between values, so about as many values. About 12 MiB where each is a short text."""

_MARKS = b'"[{,'
_OTHERS = bytes(set(range(256)) - set(_MARKS))
_BLOCK = 1 << 16


def excess(body: bytes) -> str | None:
    """What a JSON text has too much of, told before it is built; None where it is within bounds.

    Brackets and commas inside of texts do not count, but are looked for only where all of them together are too many.
    Nothing is done for a body that is too short to hold as many.
    """
    many_containers = len(body) > 2 * MOST_CONTAINERS and (
        _count(body, b"{", MOST_CONTAINERS + 1) + _count(body, b"[", MOST_CONTAINERS + 1) > MOST_CONTAINERS
    )
    many_commas = len(body) > 2 * MOST_COMMAS and _count(body, b",", MOST_COMMAS + 1) > MOST_COMMAS
    if not (many_containers or many_commas):
        return None
    containers = commas = 0
    for marks in _outside_of_texts(body):
        containers += marks.count(b"{") + marks.count(b"[")
        commas += marks.count(b",")
        if containers > MOST_CONTAINERS:
            return f"more than {MOST_CONTAINERS} objects and lists"
        if commas > MOST_COMMAS:
            return f"more than {MOST_COMMAS} values"
    return None


def is_too_deep(document: dict[str, Any]) -> bool:
    """Whether more than ``DEEPEST`` levels are nested. Costs a look at each value, not at each byte."""
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [
            value
            for container in level
            for value in (container.values() if type(container) is dict else container)
            if type(value) is dict or type(value) is list
        ]
        if not level:
            return False
    return True


def _count(body: bytes, mark: bytes, most: int) -> int:
    """How often a byte occurs, up to a bound. ``bytes.count`` takes a hundred times as long over a photo."""
    found = 0
    place = body.find(mark)
    while place >= 0 and found < most:
        found += 1
        place = body.find(mark, place + 1)
    return found


def _outside_of_texts(body: bytes) -> Iterator[bytes]:
    """The brackets and commas that are not inside of texts, in blocks: pieces of a whole body could be too many."""
    # Backslashes stand only inside of texts, and pairs of them are read from the left.
    marks = body.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS)
    inside = 0
    for start in range(0, len(marks), _BLOCK):
        pieces = marks[start : start + _BLOCK].split(b'"')
        yield b"".join(pieces[inside::2])
        inside ^= (len(pieces) - 1) & 1
