"""Bounds on what a caller may do: rate, size, time; and the response cache."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ralex_bridge.exchange import LARGE, LARGEST_AT_ONCE

from .conftest import Make, UpstreamServer
from .support.bridge import KEY, OTHER_KEY, Answer, Bridge
from .support.services import Redis, wait_until


@pytest.fixture
def within_a_minute() -> None:
    """Windows follow the wall clock: a test that would see one end waits for the next."""
    if time.time() % 60 > 55:
        time.sleep(61 - time.time() % 60)


@pytest.mark.usefixtures("within_a_minute")
def test_replicas_share_the_limit_of_a_key_and_other_keys_have_their_own(make_bridge: Make, tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    redis.start()
    environment = {"RALEX_RATE_LIMIT_PER_MINUTE": "7"}
    replicas = [make_bridge(environment, redis_url=redis.url) for _ in range(2)]
    for replica in replicas:
        replica.start()
    statuses = [replicas[number % 2].chat().status for number in range(10)]
    assert statuses == [200] * 7 + [429] * 3
    refused = replicas[0].chat()
    assert refused.code == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert replicas[1].chat(key=OTHER_KEY).status == 200
    redis.end()


@pytest.mark.usefixtures("within_a_minute")
def test_without_redis_each_process_limits_by_itself(make_bridge: Make) -> None:
    bridge = make_bridge({"RALEX_RATE_LIMIT_PER_MINUTE": "3"})
    bridge.start()
    assert [bridge.chat().status for _ in range(5)] == [200] * 3 + [429] * 2


def test_a_cached_answer_is_the_same_costs_nothing_and_is_not_shown_to_another_key(
    make_bridge: Make, redis: Redis, upstream: UpstreamServer
) -> None:
    bridge = make_bridge({"RALEX_CACHE_TTL_SECONDS": "30"}, redis_url=redis.url)
    bridge.upstreams = {"upstreams": [bridge.openai_upstream(upstream.base_url)]}
    bridge.start()
    before = len(upstream.seen()["asked"])
    first = bridge.chat("what?", model="no-usage")
    second = bridge.chat("what?", model="no-usage")
    assert (first.headers["x-ralex-cache"], second.headers["x-ralex-cache"]) == ("miss", "hit")
    assert first.json == second.json
    assert bridge.chat("what?", model="no-usage", key=OTHER_KEY).headers["x-ralex-cache"] == "miss"
    assert bridge.chat("what else?", model="no-usage").headers["x-ralex-cache"] == "miss"
    assert len(upstream.seen()["asked"]) == before + 3
    assert bridge.metric("ralex_cache_lookups_total", result="hit") == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"nul\0l",
        b"\xff\xfe",
        b'{"model":"echo"}',
        b'{"model":"","messages":[{"role":"user","content":"x"}]}',
        b'{"model":"echo","messages":[]}',
        b'{"model":"echo","messages":[{"role":"pirate","content":"x"}]}',
        b'{"model":"echo","messages":[{"role":"user","content":1}]}',
        b'{"model":"echo","messages":["x"]}',
        b'{"model":"echo","stream":"yes","messages":[{"role":"user","content":"x"}]}',
        b'{"model":"a\\u0000b","messages":[{"role":"user","content":"x"}]}',
        b"[" * 60_000,
    ],
)
def test_a_wrong_body_is_400_in_openais_shape(bridge: Bridge, body: bytes) -> None:
    refused = bridge.ask("POST", "/v1/chat/completions", body)
    assert (refused.status, refused.code) == (400, "invalid_request")


@pytest.mark.parametrize("size", [65_537, 1_000_000, 10_000_000])
def test_a_declared_oversized_body_is_413(bridge: Bridge, size: int) -> None:
    refused = bridge.ask("POST", "/v1/chat/completions", b" " * size)
    assert (refused.status, refused.code) == (413, "body_too_large")
    assert bridge.chat().status == 200


def _raw(bridge: Bridge, head: str, *blocks: bytes, pause: float = 0) -> bytes:
    """Sends a request by hand and returns all that comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", bridge.port), 10) as connection:
        start = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n{head}\r\n"
        connection.sendall(start.encode())
        for block in blocks:
            connection.sendall(block)
            time.sleep(pause)
        answer = b""
        while block := connection.recv(65536):
            answer += block
        return answer


@pytest.mark.parametrize("at_once", [False, True])
def test_an_oversized_body_of_unknown_length_is_413(bridge: Bridge, at_once: bool) -> None:
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    blocks = [*[chunk] * 5, b"0\r\n\r\n"]
    answer = _raw(bridge, "Transfer-Encoding: chunked\r\n", *([b"".join(blocks)] if at_once else blocks))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body_too_large"' in answer


@pytest.mark.parametrize("chunked", [False, True])
def test_so_many_large_bodies_are_answered_at_once_and_others_are_told_to_come_again(
    make_bridge: Make, upstream: UpstreamServer, chunked: bool
) -> None:
    bridge = make_bridge({"RALEX_MAX_BODY_BYTES": str(2 * LARGE), "RALEX_UPSTREAM_TIMEOUT_SECONDS": "3"})
    bridge.upstreams = {"upstreams": [bridge.openai_upstream(upstream.base_url)]}
    bridge.start()
    size = LARGE + 100_000
    # What is not known to be smaller counts as the largest.
    room = LARGEST_AT_ONCE if chunked else LARGEST_AT_ONCE * 2 * LARGE // size

    def ask(model: str, size: int = size) -> Answer:
        document = {"model": model, "messages": [{"role": "user", "content": "x" * size}], "stream": True}
        body = json.dumps(document).encode()[:-1].ljust(size + 1000) + b"}"
        blocks = iter([body[start : start + 65536] for start in range(0, len(body), 65536)])
        return bridge.ask("POST", "/v1/chat/completions", blocks if chunked else body)

    # Twice: room is given back after an answer that failed and after every kind of refusal.
    for _ in range(2):
        with ThreadPoolExecutor(room) as pool:
            held = [pool.submit(ask, "silent") for _ in range(room)]
            wait_until(lambda: bridge.metric("ralex_streams_running") == room, 3, "the room is taken")
            refused = ask("quick")
            assert (refused.status, refused.code) == (503, "too_many_large_bodies")
            assert refused.headers["retry-after"] == "2"
            assert bridge.chat(model="quick").status == 200
            assert [one.result().status for one in held] == [504] * room
        assert [ask("refuses-500").status, ask("quick", 2 * LARGE).status, ask("").status] == [502, 413, 400]
        assert ask("quick").status == 200


def test_a_body_that_does_not_come_is_408_and_the_connection_ends(bridge: Bridge) -> None:
    began = time.monotonic()
    answer = _raw(bridge, "Content-Length: 100\r\n", b"{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"body_timeout"' in answer
    assert 0.9 < time.monotonic() - began < 3


def test_a_client_that_leaves_during_its_body_leaves_no_error(bridge: Bridge) -> None:
    with socket.create_connection(("127.0.0.1", bridge.port), 10) as connection:
        start = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        connection.sendall(f"{start}X-Request-Id: left-early\r\nContent-Length: 100\r\n\r\n{{".encode())
    deadline = time.monotonic() + 2
    found: list[dict[str, Any]] = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.05)
        found = [line for line in bridge.lines() if line.get("request_id") == "left-early"]
    assert [(line["logger"], line["status"]) for line in found] == [("ralex.access", 499)]


@pytest.mark.parametrize("first", [b"", b"GET /health HT"])
def test_a_connection_without_a_whole_head_is_closed(bridge: Bridge, first: bytes) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", bridge.port), 15) as connection:
        connection.sendall(first)
        time.sleep(0.5)
        connection.sendall(b"T" if first else b"")
        assert connection.recv(4096) == b""
    assert 0.9 < time.monotonic() - began < 2
