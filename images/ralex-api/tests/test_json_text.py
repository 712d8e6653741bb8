"""Properties of what is changed in a JSON text, and of what is read of one."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ralex_bridge.json_text import read, read_as_clients_do, whole_characters, with_members
from ralex_bridge.upstreams.halves import Halves

NAMES = st.sampled_from(["model", "stream", "a", 'q"\\', "é"]) | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.sampled_from('"\\{}[],: é')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
LAYOUT = st.fixed_dictionaries(
    {
        "indent": st.none() | st.integers(0, 2),
        "ensure_ascii": st.booleans(),
        "separators": st.none() | st.just((",", ":")),
    }
)
HALVES = st.lists(st.sampled_from(["a", "\ud83d", "\ude00", "\U0001f600", "\\", "u", "é", "\0"]), max_size=8).map(
    "".join
)


@given(
    st.dictionaries(NAMES, VALUES, min_size=1, max_size=5),
    st.dictionaries(st.sampled_from(["model", "stream", "a", 'q"\\']), st.none() | VALUES, max_size=3),
    LAYOUT,
)
@example({"a": float("inf")}, {"a": 1}, {})
def test_a_changed_text_has_the_changed_members_and_every_other_value_to_the_byte(
    document: dict[str, Any], changes: dict[str, Any], layout: dict[str, Any]
) -> None:
    text = json.dumps(document, **layout).encode()
    changed = with_members(
        text, {name: None if one is None else json.dumps(one).encode() for name, one in changes.items()}
    )
    expected = {name: one for name, one in document.items() if changes.get(name, 0) is not None}
    expected.update({name: one for name, one in changes.items() if one is not None})
    assert json.loads(changed) == expected
    for name, one in document.items():
        if name not in changes:
            assert json.dumps(one, **{**layout, "indent": None}).encode() in changed or layout.get("indent") is not None


@given(NAMES, VALUES, LAYOUT)
def test_nothing_to_change_changes_nothing(name: str, value: Any, layout: dict[str, Any]) -> None:
    text = json.dumps({name: value}, **layout).encode()
    assert with_members(text, {}) == text


def test_a_member_that_is_there_twice_is_changed_and_left_out_twice() -> None:
    text = b'{"a":1, "b":2,"\\u0061" :3}'
    assert with_members(text, {"a": b"0"}) == b'{"a":0, "b":2,"\\u0061" :0}'
    assert with_members(text, {"a": None}) == b'{"b":2}'


@given(HALVES)
def test_halves_of_characters_are_read_as_replacements_and_pairs_as_characters(text: str) -> None:
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    written = json.dumps(text).encode()
    assert read(written) == joined
    assert whole_characters(read_as_clients_do(written)) == joined
    orjson.dumps(read(written))


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":\\ud83d}', b'"\\ud83', b"nan", b"[" * 100_000, b"\xff"])
def test_what_is_not_json_is_a_value_error_for_both_readers(text: bytes) -> None:
    for reader in (read, read_as_clients_do):
        with pytest.raises(ValueError):
            reader(text)


@given(st.lists(HALVES, min_size=1, max_size=5))
def test_a_text_in_pieces_is_the_same_as_in_one(pieces: list[str]) -> None:
    halves = Halves()
    chunks: list[Any] = [{"index": 0, "delta": {"content": piece}, "finish_reason": None} for piece in pieces]
    chunks.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    joined = [halves.join({"choices": [one]})["choices"][0]["delta"].get("content", "") for one in chunks]
    expected = "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert "".join(joined) == expected
    assert not halves.any
