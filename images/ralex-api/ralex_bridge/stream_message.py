"""The message that the deltas of a stream add up to, as the same answer would have had it whole."""

from __future__ import annotations

from typing import Any

_NAMES = frozenset({"id", "index", "type", "role", "format"})
"""Members that name something: a later value takes the place of an earlier one, and is never added to it."""


class StreamMessage:
    """Collects the deltas of one choice with whatever an upstream sends: reasoning, refusals, audio, annotations."""

    def __init__(self) -> None:
        self._members: dict[str, Any] = {}
        self._calls: list[dict[str, Any]] = []
        self._places: dict[Any, dict[str, Any]] = {}

    def add(self, delta: dict[str, Any]) -> None:
        """Takes one delta."""
        for name, value in delta.items():
            if name == "tool_calls":
                for call in value if isinstance(value, list) else ():
                    self._add_call(call)
            elif value is not None:
                self._members[name] = _merged(name, self._members.get(name), value)

    def _add_call(self, call: Any) -> None:
        """Tool calls come in pieces: the name first, the arguments as text in parts.

        Some upstreams send each call whole and without an index, or all with the same one; then its id tells it apart.
        """
        if not isinstance(call, dict):
            return
        index, identifier = call.get("index"), call.get("id")
        last = self._calls[-1] if self._calls else None
        found = self._places.get(index) if isinstance(index, int) else last
        is_other = bool(identifier) and found is not None and found.get("id") not in (None, identifier)
        if found is None or is_other or (not isinstance(index, int) and identifier and found.get("id") != identifier):
            found = {}
            self._calls.append(found)
            if isinstance(index, int):
                self._places[index] = found
        for name, value in call.items():
            if name == "function" and isinstance(value, dict):
                found[name] = _with_piece(found.get(name) or {"name": "", "arguments": ""}, value)
            elif name != "index" and value is not None:
                found[name] = _merged(name, found.get(name), value)

    def message(self) -> dict[str, Any]:
        """The answer as one message."""
        rest = {name: value for name, value in self._members.items() if name != "role"}
        message: dict[str, Any] = {"role": "assistant", "content": None, **rest}
        if self._calls:
            message["tool_calls"] = [{"id": None, "type": "function", **call} for call in self._calls]
        return message


def _with_piece(function: dict[str, Any], piece: dict[str, Any]) -> dict[str, Any]:
    """A called function with a further piece. Some upstreams repeat its name in each."""
    is_repeated = piece.get("name") == function["name"]
    rest = {name: value for name, value in piece.items() if not (is_repeated and name == "name")}
    merged: dict[str, Any] = _merged("function", function, rest)
    return merged


def _merged(name: str, kept: Any, value: Any) -> Any:
    """What was kept with a further piece of it."""
    if kept is None:
        return value
    if value is None:
        return kept
    if isinstance(kept, str) and isinstance(value, str) and name not in _NAMES:
        return kept + value
    if isinstance(kept, dict) and isinstance(value, dict):
        return {**kept, **{key: _merged(key, kept.get(key), one) for key, one in value.items()}}
    if isinstance(kept, str) and isinstance(value, list):
        # Content as text first and in parts then, as reasoning models of Mistral send it.
        return _merged_lists([{"type": "text", "text": kept}] if kept else [], value)
    if isinstance(kept, list) and isinstance(value, str):
        return [*kept, {"type": "text", "text": value}] if value else kept
    if isinstance(kept, list) and isinstance(value, list):
        return _merged_lists(kept, value)
    return value


def _merged_lists(kept: list[Any], added: list[Any]) -> list[Any]:
    """Elements with an index go on where the one with that index is; others are further elements."""
    merged = list(kept)
    for element in added:
        index = element.get("index") if isinstance(element, dict) else None
        for position, one in enumerate(merged):
            if index is not None and isinstance(one, dict) and one.get("index") == index:
                merged[position] = _merged("", one, element)
                break
        else:
            merged.append(element)
    return merged
