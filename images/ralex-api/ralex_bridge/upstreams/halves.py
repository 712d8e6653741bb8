"""Characters outside the Basic Multilingual Plane that a stream cuts in two: each half comes in a chunk of its own."""

from __future__ import annotations

from typing import Any

from ..json_text import whole_characters

Place = tuple[str | int, ...]
"""Where a text stands in a choice's delta: the choice's index, then names, and indices in lists."""


class Halves:
    """Holds a leading half back until the text at the same place goes on."""

    def __init__(self) -> None:
        self._held: dict[Place, str] = {}

    @property
    def any(self) -> bool:
        """Whether a half is being held, so that the next chunk has to be looked at."""
        return bool(self._held)

    def join(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """The chunk with whole characters only."""
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return _object(whole_characters(chunk))
        joined = [self._choice(choice) if isinstance(choice, dict) else whole_characters(choice) for choice in choices]
        rest = {name: value for name, value in chunk.items() if name != "choices"}
        return {**_object(whole_characters(rest)), "choices": joined}

    def _choice(self, choice: dict[str, Any]) -> dict[str, Any]:
        index = choice.get("index") or 0
        rest = _object(whole_characters({name: value for name, value in choice.items() if name != "delta"}))
        delta = self._value(choice.get("delta"), (index,))
        if choice.get("finish_reason") is not None:
            # The other half does not come any more.
            for place in [place for place in self._held if place[0] == index]:
                del self._held[place]
                delta = _with_replacement(delta, place[1:])
        return {**rest, **({"delta": delta} if "delta" in choice or delta is not None else {})}

    def _value(self, value: Any, place: Place) -> Any:
        if isinstance(value, str):
            text = self._held.pop(place, "") + value
            if text and "\ud800" <= text[-1] <= "\udbff":
                self._held[place] = text[-1]
                text = text[:-1]
            return whole_characters(text)
        if isinstance(value, dict):
            return {whole_characters(name): self._value(one, (*place, name)) for name, one in value.items()}
        if isinstance(value, list):
            return [self._value(one, (*place, _index(one, position))) for position, one in enumerate(value)]
        return value


def _index(element: Any, position: int) -> int:
    index = element.get("index") if isinstance(element, dict) else None
    return index if isinstance(index, int) else position


def _object(value: Any) -> dict[str, Any]:
    assert isinstance(value, dict)  # noqa: S101 - what goes in as an object comes out as one
    return value


def _with_replacement(value: Any, place: Place) -> Any:
    """The value with U+FFFD added to the text at a place, which is made where it is not there."""
    if not place:
        return (value if isinstance(value, str) else "") + "\ufffd"
    step, rest = place[0], place[1:]
    if isinstance(step, str):
        found = value if isinstance(value, dict) else {}
        return {**found, step: _with_replacement(found.get(step), rest)}
    elements = value if isinstance(value, list) else []
    for position, element in enumerate(elements):
        if _index(element, position) == step:
            return [*elements[:position], _with_replacement(element, rest), *elements[position + 1 :]]
    return [*elements, _with_replacement({"index": step}, rest)]
