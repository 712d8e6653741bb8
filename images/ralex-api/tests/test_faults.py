"""What the bridge does while something that it depends on is away or misbehaves."""

from __future__ import annotations

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .conftest import Make, UpstreamServer
from .support.bridge import KEY, UPSTREAM_KEY, Bridge
from .support.events import Stream
from .support.relay import relay
from .support.services import Postgres, Redis, free_port, wait_until
from .support.sql import fetch


def state(bridge: Bridge, dependency: str) -> str:
    """What ``/ready`` says of a dependency."""
    return str(bridge.ask("GET", "/ready", key=None).json["dependencies"][dependency]["state"])


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("refuses-401", 502, "upstream_refused"),
        ("refuses-429", 429, "upstream_rate_limited"),
        ("refuses-500", 502, "upstream_error"),
        ("garbage", 502, "upstream_garbled"),
        ("huge", 502, "upstream_garbled"),
        ("silent", 504, "upstream_timeout"),
    ],
)
def test_an_upstreams_fault_is_an_openai_error_without_its_text(
    bridge: Bridge, model: str, status: int, code: str
) -> None:
    answer = bridge.chat(model=model)
    assert (answer.status, answer.code) == (status, code)
    assert UPSTREAM_KEY.encode() not in answer.body


@pytest.mark.parametrize("model", ["refuses-401", "refuses-500", "silent"])
def test_a_stream_that_fails_before_its_first_piece_has_the_errors_status(bridge: Bridge, model: str) -> None:
    answer = bridge.chat(model=model, stream=True)
    assert answer.status in (502, 504)
    assert answer.code.startswith("upstream_")


@pytest.mark.parametrize(("model", "code"), [("cut", "upstream_unreachable"), ("garbage", "upstream_garbled")])
def test_a_stream_that_fails_midway_ends_with_an_error_event(bridge: Bridge, model: str, code: str) -> None:
    stream = Stream(bridge, model)
    *pieces, last = stream.events()
    assert stream.response.status == 200
    assert [piece["choices"][0]["delta"].get("content") for piece in pieces][:3] == ["", "The ", "answer "]
    assert last["error"]["code"] == code


def test_an_upstream_that_is_not_there_is_502_and_ready_says_so(make_bridge: Make) -> None:
    bridge = make_bridge({"RALEX_READY_REQUIRES": "upstream"})
    bridge.upstreams = {"upstreams": [bridge.openai_upstream(f"http://127.0.0.1:{free_port()}/v1")]}
    bridge.start()
    answer = bridge.chat(model="anything")
    assert (answer.status, answer.code) == (502, "upstream_unreachable")
    ready = bridge.ask("GET", "/ready", key=None)
    assert ready.status == 503
    assert ready.json["dependencies"]["upstream"] == {"state": "down", "required": True}
    assert bridge.ask("GET", "/health", key=None).status == 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_cancels_the_call_to_the_upstream(
    bridge: Bridge, upstream: UpstreamServer, stream: bool
) -> None:
    before = upstream.seen()["cancelled"]
    if stream:
        running = Stream(bridge, "slow", {"X-Request-Id": "gone-stream"})
        next(running.events())
        assert bridge.metric("ralex_requests_running") == 1
        running.leave()
    else:
        body = b'{"model":"silent","messages":[{"role":"user","content":"x"}]}'
        head = f"Authorization: Bearer {KEY}\r\nX-Request-Id: gone-whole\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", bridge.port)) as connection:
            connection.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n{head}".encode() + body)
            time.sleep(0.5)
    wait_until(lambda: upstream.seen()["cancelled"] > before, 1.5, "the upstream's call is cut")
    name = "gone-stream" if stream else "gone-whole"
    wait_until(lambda: name in bridge.log.read_text(), 1, "the access line is written")
    assert [line["status"] for line in bridge.lines() if line.get("request_id") == name] == [499]
    assert bridge.metric("ralex_streams_running") == 0
    assert bridge.metric("ralex_requests_running") == 0


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSTOP])
def test_without_redis_answers_go_on_quickly_and_it_is_taken_up_again(
    make_bridge: Make, tmp_path: Path, postgres: Postgres, kill: int
) -> None:
    own = Redis(tmp_path)
    own.start()
    bridge = make_bridge({"RALEX_CACHE_TTL_SECONDS": "30"}, redis_url=own.url, database_url=postgres.url())
    bridge.start()
    assert state(bridge, "redis") == "up"
    assert own.process is not None
    if kill == signal.SIGKILL:
        own.end(kill)
    else:
        own.process.send_signal(kill)
    assert bridge.chat("notices").status == 200
    began = time.monotonic()
    assert {bridge.chat(f"without {number}").status for number in range(20)} == {200}
    assert time.monotonic() - began < 1
    ready = bridge.ask("GET", "/ready", key=None)
    assert (ready.status, ready.json["dependencies"]["redis"]["state"]) == (200, "degraded")
    assert bridge.metric("ralex_dependency_up", dependency="redis") == 0
    if kill == signal.SIGKILL:
        own.start()
    else:
        own.process.send_signal(signal.SIGCONT)
    wait_until(lambda: state(bridge, "redis") == "up", 3, "redis is taken up again")
    assert [bridge.chat("again").headers["x-ralex-cache"] for _ in range(2)] == ["miss", "hit"]
    own.end()


def test_a_bridge_starts_without_redis_and_finds_it_later(make_bridge: Make, tmp_path: Path) -> None:
    own = Redis(tmp_path)
    bridge = make_bridge(redis_url=own.url)
    bridge.start()
    assert bridge.chat().status == 200
    assert state(bridge, "redis") == "degraded"
    own.start()
    wait_until(lambda: state(bridge, "redis") == "up", 3, "redis is found")
    own.end()


def test_ready_fails_without_redis_where_it_is_required(make_bridge: Make) -> None:
    bridge = make_bridge({"RALEX_READY_REQUIRES": "redis"}, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    bridge.start()
    assert bridge.ask("GET", "/ready", key=None).status == 503


def test_a_restart_of_postgres_loses_no_usage_and_no_session(make_bridge: Make, postgres: Postgres) -> None:
    bridge = make_bridge(database_url=postgres.url())
    bridge.start()
    session = bridge.ask("POST", "/v1/sessions", {"title": "before"}).json["id"]
    postgres.end(signal.SIGINT)
    during = bridge.chat("while it is away").headers["x-request-id"]
    refused = bridge.ask("POST", "/v1/sessions", {"title": "during"})
    assert (refused.status, refused.code) == (503, "database_unavailable")
    assert refused.headers["retry-after"] == "2"
    kept = bridge.chat("unkept", headers={"X-Ralex-Session": session})
    assert kept.status == 503
    assert bridge.ask("GET", "/ready", key=None).status == 503
    assert bridge.ask("GET", "/health", key=None).status == 200
    postgres.start()
    wait_until(lambda: bridge.is_answered("/ready"), 5, "postgres is taken up again")
    assert bridge.ask("GET", f"/v1/sessions/{session}").json["title"] == "before"
    query = "SELECT count(*) FROM usage WHERE request_id = $1"
    wait_until(lambda: fetch(postgres.url(), query, during) == [(1,)], 3, "the usage is written")


def test_connections_that_a_host_took_with_it_cost_one_wait_and_not_one_each(
    make_bridge: Make, postgres: Postgres
) -> None:
    with relay(postgres.port) as between:
        bridge = make_bridge(database_url=postgres.url().replace(f":{postgres.port}/", f":{between.port}/"))
        bridge.start()

        def create(number: int) -> int:
            return bridge.ask("POST", "/v1/sessions", {"title": str(number)}).status

        with ThreadPoolExecutor(8) as at_once:
            assert set(at_once.map(create, range(24))) == {201}
        assert between.lose() > 2
        assert create(0) == 503
        wait_until(lambda: bridge.is_answered("/ready"), 5, "postgres is taken up again")
        began = time.monotonic()
        assert [create(number) for number in range(16)] == [201] * 16
        assert time.monotonic() - began < 5


def test_a_database_without_the_schema_is_told_apart_from_one_that_is_away(
    make_bridge: Make, postgres: Postgres
) -> None:
    fetch(postgres.url(), "CREATE DATABASE empty")
    bridge = make_bridge(database_url=postgres.url("empty"))
    bridge.start()
    assert bridge.ask("GET", "/ready", key=None).status == 503
    assert state(bridge, "postgres") == "unmigrated"
    bridge.run("migrate").check_returncode()
    assert state(bridge, "postgres") == "up"
    assert bridge.ask("GET", "/ready", key=None).status == 200
