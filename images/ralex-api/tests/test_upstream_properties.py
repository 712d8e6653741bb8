"""Properties of what is read of an upstream: any bytes, in any pieces."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ralex_bridge.errors import ApiError
from ralex_bridge.upstreams.events import Event, events
from ralex_bridge.upstreams.refusal import KNOWN_CODES, Reason, limits, refusal, retry_after

SECRET = "sk-canary"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.just(SECRET)
    | st.sampled_from(sorted(KNOWN_CODES)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "type", "param", "message", "detail", "loc", "metadata", "status"]), inner
        )
    ),
    max_leaves=10,
)
LINES = st.lists(
    st.sampled_from(
        [
            b'data: {"a":1}',
            b"data:",
            b"data",
            b": c",
            b"event: x",
            b"",
            b"data: [DONE]",
            b'data: {"b":',
            b"data: 2}",
            b"x",
        ]
    ),
    max_size=8,
)


async def collected(blocks: list[bytes]) -> list[Event | None] | None:
    """The events of these blocks, or None where they are not valid."""

    async def stream() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    try:
        return [event async for event in events(stream())]
    except ValueError:
        return None


@given(LINES, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.lists(st.integers(1, 9), max_size=30))
async def test_events_are_the_same_however_their_lines_end_and_the_network_cuts_them(
    lines: list[bytes], end: bytes, sizes: list[int]
) -> None:
    whole = await collected([b"".join(line + b"\n" for line in lines)])
    text = b"".join(line + end for line in lines)
    blocks = []
    for size in sizes:
        blocks.append(text[:size])
        text = text[size:]
    assert await collected([*blocks, text]) == whole


@given(st.binary(max_size=80))
async def test_any_bytes_are_events_or_a_value_error(text: bytes) -> None:
    await collected([text])
    await collected([b"data: " + text + b"\n\n"])


@given(JSON, st.integers(300, 599))
@example({"error": {"detail": [{"loc": ["body"]}]}}, 422)
@example({"error": {"param": "messages[0].content", "code": "invalid_value"}}, 400)
def test_a_refusal_tells_known_codes_and_places_and_nothing_else(document: Any, status: int) -> None:
    reason = Reason.of_body(json.dumps(document).encode(), {"messages", SECRET}, SECRET)
    assert reason.code is None or reason.code in KNOWN_CODES
    error = refusal("upstream", status, reason, {})
    assert isinstance(error, ApiError)
    assert 400 <= error.status < 600
    if status >= 500:
        assert error.status >= 500
    assert SECRET not in error.body().decode()


@given(st.text(max_size=40) | st.floats().map(str) | st.integers().map(str), st.floats(0, 2e9))
@example("Wed, 21 Oct 2015 07:28:00 GMT", 1445412479.5)
@example("1" * 5000, 0.0)
def test_a_time_to_wait_is_whole_seconds_or_nothing(given_: str, now: float) -> None:
    seconds = retry_after({"Retry-After": given_}, now)
    assert seconds is None or (type(seconds) is int and seconds >= 0)


@given(st.dictionaries(st.text(max_size=20).map(lambda name: f"x-ratelimit-{name}"), st.text(max_size=20)))
def test_limits_are_headers_that_can_be_sent(headers: dict[str, str]) -> None:
    for name, value in limits(headers, SECRET).items():
        assert name.isascii()
        assert value.isprintable()
        assert value.isascii()
