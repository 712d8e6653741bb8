"""Bounds on what a body may hold, told apart from texts that only look as if they held it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ralex_bridge import structure
from ralex_bridge.chat_request import parse_object
from ralex_bridge.errors import ApiError
from ralex_bridge.structure import DEEPEST, MOST_COMMAS, MOST_CONTAINERS, excess

from .support.bridge import Bridge

# Texts made of what could be taken for structure.
TEXT = st.text(st.sampled_from('"\\[]{},:é a'), max_size=12)
JSON = st.recursive(
    st.none() | st.integers(0, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def counted(value: Any) -> tuple[int, int, int]:
    """Objects and lists, commas, and levels of a document."""
    if not isinstance(value, (dict, list)):
        return 0, 0, 0
    inner = [counted(one) for one in (value.values() if isinstance(value, dict) else value)]
    containers, commas = (sum(part[index] for part in inner) for index in (0, 1))
    return containers + 1, commas + max(0, len(inner) - 1), max((part[2] for part in inner), default=0) + 1


def nested(levels: int, *, lists: bool) -> dict[str, Any]:
    """An object of so many levels."""
    value: Any = {}
    for _ in range(levels - 2):
        value = [value] if lists else {"a": value}
    return {"a": value}


@given(JSON, st.booleans(), st.integers(1, 7))
@example(['\\\\"', "[", '"\\"{'], True, 1)
def test_brackets_and_commas_are_counted_outside_of_texts_alone(value: Any, ascii_only: bool, block: int) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "_BLOCK", block)
        marks = b"".join(structure._outside_of_texts(body))
    containers, commas, _ = counted(value)
    assert (marks.count(b"{") + marks.count(b"["), marks.count(b",")) == (containers, commas)


@given(st.dictionaries(TEXT, JSON, max_size=4), st.integers(0, 9))
def test_a_document_is_too_deep_from_exactly_the_bound_on(value: dict[str, Any], off: int) -> None:
    levels = counted(value)[2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "DEEPEST", max(1, levels - 4 + off))
        assert structure.is_too_deep(value) == (levels > structure.DEEPEST)


@given(st.integers(2, 900), st.booleans())
@example(DEEPEST, False)
@example(DEEPEST + 1, False)
def test_a_body_is_refused_beyond_the_deepest_level_and_else_can_be_written_again(levels: int, lists: bool) -> None:
    body = json.dumps(nested(levels, lists=lists)).encode()
    if levels <= DEEPEST:
        assert parse_object(body) == nested(levels, lists=lists)
    else:
        with pytest.raises(ApiError, match="levels deep") as refused:
            parse_object(body)
        assert refused.value.status == 400


@given(st.binary(max_size=40), st.integers(1, 7))
def test_what_is_not_json_is_looked_through_without_an_error(body: bytes, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "_BLOCK", block)
        assert len(b"".join(structure._outside_of_texts(body))) <= len(body)


@pytest.mark.parametrize("empty", [b"{}", b"[]"])
def test_more_objects_and_lists_than_a_request_needs_are_refused(empty: bytes) -> None:
    def body(number: int) -> bytes:
        return b'{"a":[' + b",".join([empty] * (number - 2)) + b"]}"

    assert excess(body(MOST_CONTAINERS)) is None
    with pytest.raises(ApiError, match="objects and lists") as refused:
        parse_object(body(MOST_CONTAINERS + 1))
    assert refused.value.status == 400


def test_more_values_than_a_request_needs_are_refused() -> None:
    assert excess(b'{"a":[1' + b",1" * MOST_COMMAS + b"]}") is None
    with pytest.raises(ApiError, match="values") as refused:
        parse_object(b'{"a":[1' + b",1" * (MOST_COMMAS + 1) + b"]}")
    assert refused.value.status == 400


def test_source_code_and_tool_schemas_pass() -> None:
    code = 'if (a[0] == "\\n") { return {b: [1, 2]}; }\n' * 50_000
    parameters = {"type": "object", "properties": {f"p{n}": {"type": "string", "enum": ["a", "b"]} for n in range(40)}}
    tools = [{"type": "function", "function": {"name": f"f{n}", "parameters": parameters}} for n in range(128)]
    document = {"model": "echo", "messages": [{"role": "user", "content": code}], "tools": tools}
    assert parse_object(json.dumps(document).encode()) == document


@pytest.mark.parametrize("levels", [DEEPEST + 1, 255, 900])
def test_a_deep_body_is_400_everywhere_and_leaves_the_session_readable(bridge: Bridge, levels: int) -> None:
    session = bridge.ask("POST", "/v1/sessions", {}).json["id"]
    deep = nested(levels, lists=False)
    message = {"role": "user", "content": "x", **deep}
    writes = [bridge.ask("POST", f"/v1/sessions/{session}/messages", message)]
    writes += [bridge.chat(**deep, stream=stream, headers={"X-Ralex-Session": session}) for stream in (False, True)]
    for refused in writes:
        assert (refused.status, refused.code) == (400, "invalid_request")
        assert re.search("levels deep", refused.json["error"]["message"])
    assert bridge.ask("GET", f"/v1/sessions/{session}/messages").json["data"] == []
    assert bridge.chat(**nested(DEEPEST, lists=False), headers={"X-Ralex-Session": session}).status == 200
