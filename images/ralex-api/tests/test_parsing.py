"""Properties of what is read from outside: chat requests, settings, streams."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ralex_bridge.chat_request import ROLES, parse, text_of
from ralex_bridge.errors import ApiError
from ralex_bridge.settings import ConfigurationError, Price, load
from ralex_bridge.stream_tally import StreamTally
from ralex_bridge.upstreams import Chunk
from ralex_bridge.usage import cost, tokens

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
MESSAGE = st.fixed_dictionaries({"role": st.sampled_from(sorted(ROLES)), "content": st.none() | st.text()})
REQUEST = st.fixed_dictionaries(
    {"model": st.sampled_from(["echo", "a/b:c"]), "messages": st.lists(MESSAGE, min_size=1, max_size=4)},
    optional={"stream": st.none() | st.booleans(), "temperature": JSON, "x": JSON},
)
FIELDS = ("model", "messages", "stream", "stream_options")


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused_with_400(body: bytes) -> None:
    try:
        parse(body)
    except ApiError as error:
        assert error.status == 400
        json.loads(error.body())


@given(REQUEST, st.sampled_from(FIELDS), JSON)
def test_any_value_in_any_field_is_parsed_or_refused_with_400(request: Any, field: str, value: Any) -> None:
    try:
        parsed = parse(json.dumps({**request, field: value}).encode())
    except ApiError as error:
        assert error.status == 400
    else:
        assert isinstance(parsed.stream, bool)
        assert all(isinstance(text_of(message), str) for message in parsed.messages)


@given(REQUEST)
def test_a_well_formed_request_keeps_every_field(request: Any) -> None:
    parsed = parse(json.dumps(request).encode())
    assert parsed.document == request
    assert parsed.stream is bool(request.get("stream"))


@given(st.lists(st.text(), max_size=6), st.booleans())
def test_a_tally_keeps_the_text_and_passes_every_piece_on(pieces: list[str], include: bool) -> None:
    tally = StreamTally(include, keep_message=True)
    for piece in pieces:
        document = {"id": "1", "choices": [{"index": 0, "delta": {"content": piece}}], "usage": None}
        sent = tally.take(Chunk(document, json.dumps(document).encode()))
        assert sent is not None
        passed = json.loads(sent)
        assert passed["choices"][0]["delta"]["content"] == piece
        assert ("usage" in passed) == include
    assert tally.message()["content"] == ("".join(pieces) if pieces else None)
    assert tally.usage_chunk(3)["usage"]["total_tokens"] == 3 + tally.completion


@given(JSON)
def test_a_token_count_is_one_that_fits_the_column_or_none(reported: Any) -> None:
    count = tokens({"prompt_tokens": reported}, "prompt_tokens")
    assert count is None or (type(count) is int and 0 <= count < 2**31)


@given(st.integers(0, 2**31 - 1))
def test_a_token_count_that_fits_the_column_is_taken_as_it_is(reported: int) -> None:
    assert tokens({"prompt_tokens": reported}, "prompt_tokens") == reported


def test_costs_are_exact() -> None:
    assert cost(Price(prompt=Decimal("0.15"), completion=Decimal("0.60")), 1, 1) == Decimal("0.00000075")
    assert cost(None, 10**9, 10**9) == 0


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("settings") / "keys.json"
    file.write_text(json.dumps([{"name": "a", "sha256": "0" * 64}]))
    return file


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Exactly these RALEX_ variables for a moment."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("RALEX_")}
    for name in kept:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
        os.environ.update(kept)


NUMBERS = ("PORT", "RATE_LIMIT_PER_MINUTE", "CACHE_TTL_SECONDS", "MAX_BODY_BYTES", "GRACE_SECONDS")
VALUE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from((*NUMBERS, "LOG_LEVEL", "READY_REQUIRES", "TYPO")), VALUE | st.integers().map(str))
)
def test_any_variables_load_or_name_each_problem_without_its_value(keys: Path, given_: dict[str, str]) -> None:
    variables = {f"RALEX_{name}": value for name, value in given_.items()}
    with environment({**variables, "RALEX_API_KEYS_FILE": str(keys)}):
        try:
            loaded = load()
        except ConfigurationError as error:
            named = {problem.split(":")[0].split(".")[0] for problem in error.problems}
            assert named
            assert named <= set(variables)
            assert ("RALEX_TYPO" in named) == ("TYPO" in given_)
        else:
            assert "TYPO" not in given_
            assert 1 <= loaded.settings.port <= 65535


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_any_json_as_upstreams_loads_or_is_a_configuration_error(keys: Path, document: Any) -> None:
    file = keys.with_name("upstreams.json")
    file.write_text(json.dumps(document))
    with environment({"RALEX_API_KEYS_FILE": str(keys), "RALEX_UPSTREAMS_FILE": str(file)}):
        try:
            assert load().routing.upstreams
        except ConfigurationError as error:
            assert error.problems
            assert all(problem.startswith("RALEX_UPSTREAMS_FILE") for problem in error.problems)
