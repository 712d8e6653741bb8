"""JSON as texts: what is read of it leniently, and what is changed in it without touching the rest.

A text that is read and written again is another one: 2^64 becomes a float, ``1e2`` becomes ``100.0``, escapes go. So
whatever only passes through stays the bytes that came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_HEX = rb"[0-9a-fA-F]{2}"
_LEADING = rb"\\u[dD][89abAB]" + _HEX
_TRAILING = rb"\\u[dD][c-fC-F]" + _HEX
# An even number of backslashes before it, so that it is an escape itself.
_HALVES = re.compile(rb"(?<!\\)((?:\\\\)*)(" + _LEADING + _TRAILING + rb"|" + _LEADING + rb"|" + _TRAILING + rb")")
_PAIR_BYTES = 12

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")
_OPENING = b"{["
_CLOSING = b"}]"
_MOST_DIGITS = 18
"""Digits of an integer that fits 64 bits in any case."""


def without_half_characters(text: bytes) -> bytes:
    """The same JSON with U+FFFD for each escaped surrogate that has no other half, which is no character at all."""
    return _HALVES.sub(lambda found: found[0] if len(found[2]) == _PAIR_BYTES else found[1] + rb"\ufffd", text)


def read(text: bytes) -> Any:
    """The value of a JSON text; a half of a character is read as U+FFFD.

    Raises:
        orjson.JSONDecodeError: for what is not JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        mended = without_half_characters(text)
        if mended == text:
            raise
        return orjson.loads(mended)


def read_as_clients_do(text: bytes) -> Any:
    """The value of what the official Python client takes as JSON: NaN, Infinity and bytes that are not UTF-8 too.

    Halves of characters stay in the value, each a surrogate, so that they can be joined with what follows.

    Raises:
        ValueError: for what is not JSON even so.
    """
    try:
        return json.loads(text.decode("utf-8-sig", "replace"), parse_int=_number, strict=False)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _number(digits: str) -> int | float:
    # What is longer can be read, but not be written by orjson.
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def whole_characters(value: Any) -> Any:
    """The same value with surrogates that belong together joined, and U+FFFD for each other one."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [whole_characters(one) for one in value]
    if isinstance(value, dict):
        return {whole_characters(name): whole_characters(one) for name, one in value.items()}
    return value


def with_members(text: bytes, members: Mapping[str, bytes | None]) -> bytes:
    """A JSON object's text with some members set to other JSON texts, or left out where that is None.

    Everything else stays the bytes that it was, but for what stands between members where one is left out. The text has
    to be a valid object.
    """
    found = list(_members(text))
    names = {name for name, *_ in found}
    if any(members.get(name, b"") is None for name in names):
        kept = [text[start:end] for name, start, _, end in found if members.get(name, b"") is not None]
        return with_members(b"{" + b",".join(kept) + b"}", {name: one for name, one in members.items() if one})
    parts = []
    place = 0
    for name, _, value, end in found:
        if (replacement := members.get(name)) is not None:
            parts += [text[place:value], replacement]
            place = end
    changed = b"".join([*parts, text[place:]])
    for name, added in members.items():
        if added is not None and name not in names:
            changed = with_first_member(changed, name, added)
    return changed


def with_first_member(text: bytes, name: str, value: bytes) -> bytes:
    """A JSON object's text with a member more, which the object must not have."""
    start = text.index(b"{") + 1
    comma = b"" if text.startswith(b"}", _after_space(text, start)) else b","
    return text[:start] + orjson.dumps(name) + b":" + value + comma + text[start:]


def _after_space(text: bytes, place: int) -> int:
    found = _SPACE.match(text, place)
    return place if found is None else found.end()


def _members(text: bytes) -> Iterator[tuple[str, int, int, int]]:
    """The members of the outermost object: the name, and where it, its value, and what follows the value begin."""
    depth = 0
    name: str | None = None
    start = value = 0
    for token in _TOKEN.finditer(text):
        mark = token[0][:1]
        if mark in _OPENING:
            depth += 1
        elif depth == 1 and mark == b'"' and name is None:
            name, start = str(read(token[0])), token.start()
        elif depth == 1 and mark == b":":
            value = _after_space(text, token.end())
        elif depth == 1 and mark in b",}" and name is not None:
            yield name, start, value, value + len(text[value : token.start()].rstrip())
            name = None
        if mark in _CLOSING:
            depth -= 1
