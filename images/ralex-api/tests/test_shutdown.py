"""The end of a process: gentle by SIGTERM, sudden by SIGKILL."""

from __future__ import annotations

import signal
import socket
import threading
import time

from .conftest import Make, UpstreamServer
from .support.bridge import Bridge
from .support.events import Stream
from .support.services import Postgres, accepts, wait_until
from .support.sql import fetch


def started(make_bridge: Make, upstream: UpstreamServer, postgres: Postgres, grace: str) -> Bridge:
    """A bridge with a slow upstream and a database."""
    bridge = make_bridge({"RALEX_GRACE_SECONDS": grace}, database_url=postgres.url())
    bridge.upstreams = {"upstreams": [bridge.openai_upstream(upstream.base_url)]}
    bridge.start()
    return bridge


def test_sigterm_lets_a_stream_end_accepts_nothing_new_and_writes_all_usage(
    make_bridge: Make, upstream: UpstreamServer, postgres: Postgres
) -> None:
    bridge = started(make_bridge, upstream, postgres, "10")
    stream = Stream(bridge, "slow", {"X-Request-Id": "ended-in-grace"})
    events = stream.events()
    next(events)
    assert bridge.process is not None
    bridge.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not accepts(bridge.port), 1, "nothing new is accepted")
    *_, last = events
    assert last == "[DONE]"
    assert bridge.process.wait(3) == 0
    assert fetch(postgres.url(), "SELECT status FROM usage WHERE request_id = 'ended-in-grace'") == [(200,)]
    assert bridge.lines()[-1]["message"] == "stopped"
    assert bridge.errors.read_text() == ""


def test_an_answer_during_the_grace_period_closes_its_connection(
    make_bridge: Make, upstream: UpstreamServer, postgres: Postgres
) -> None:
    bridge = started(make_bridge, upstream, postgres, "10")
    answers = []
    asking = threading.Thread(target=lambda: answers.append(bridge.chat(model="slow")))
    asking.start()
    time.sleep(0.3)
    assert bridge.end() == 0
    asking.join()
    assert (answers[0].status, answers[0].headers["connection"]) == (200, "close")


def test_a_stream_beyond_the_grace_period_is_told_and_the_process_ends(
    make_bridge: Make, upstream: UpstreamServer, postgres: Postgres
) -> None:
    bridge = started(make_bridge, upstream, postgres, "1")
    stream = Stream(bridge, "slow", {"X-Request-Id": "beyond-grace"})
    events = stream.events()
    next(events)
    began = time.monotonic()
    assert bridge.end() == 0
    assert time.monotonic() - began < 3
    *_, last = events
    assert last["error"]["code"] == "shutting_down"
    assert fetch(postgres.url(), "SELECT status FROM usage WHERE request_id = 'beyond-grace'") == [(503,)]


def test_sigterm_ends_idle_connections_at_once(make_bridge: Make) -> None:
    bridge = make_bridge()
    bridge.start()
    with socket.create_connection(("127.0.0.1", bridge.port), 5) as idle:
        idle.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        assert bridge.end() == 0
        assert time.monotonic() - began < 1


def test_kill_loses_at_most_a_second_of_usage_and_no_acknowledged_message(
    make_bridge: Make, upstream: UpstreamServer, postgres: Postgres
) -> None:
    bridge = started(make_bridge, upstream, postgres, "10")
    session = bridge.ask("POST", "/v1/sessions", {}).json["id"]
    acknowledged: list[tuple[float, str]] = []
    began = time.monotonic()
    while time.monotonic() - began < 1.6:
        answer = bridge.chat(f"{len(acknowledged)}", model="quick", headers={"X-Ralex-Session": session})
        assert answer.status == 200
        acknowledged.append((time.monotonic(), answer.headers["x-request-id"]))
        # Far below the rate limit, however fast the machine.
        time.sleep(0.01)
    killed = time.monotonic()
    bridge.end(signal.SIGKILL)
    url = postgres.url()
    query = "SELECT count(*) FROM session_messages WHERE session_id = $1::text::uuid AND role = 'user'"
    assert fetch(url, query, session) == [(len(acknowledged),)]
    old = [identifier for at, identifier in acknowledged if at < killed - 1]
    assert len(old) > 5
    assert fetch(url, "SELECT count(*) FROM usage WHERE request_id = ANY($1)", old) == [(len(old),)]
