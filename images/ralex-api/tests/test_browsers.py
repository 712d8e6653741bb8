"""Pages of other origins, which ask the bridge from a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import Make
from .support.bridge import Bridge

ORIGIN = "https://app.example:8443"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    made = Bridge(tmp_path_factory.mktemp("browsers"), {"RALEX_CORS_ORIGINS": f"http://localhost:3000, {ORIGIN}"})
    made.start()
    yield made
    made.end()


def test_a_preflight_of_an_allowed_origin_needs_no_key_and_allows_what_clients_send(through: Bridge) -> None:
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os"}
    answer = through.ask("OPTIONS", CHAT, key=None, headers=asked)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"]
    assert all(name in allowed for name in ("authorization", "content-type", "x-stainless-os"))


@pytest.mark.parametrize(("key", "status"), [("wrong", 401), (None, 401)])
def test_an_error_can_be_read_by_the_page_with_its_request_id(through: Bridge, key: str | None, status: int) -> None:
    answer = through.ask("POST", CHAT, {}, key=key, headers={"Origin": ORIGIN})
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    exposed = answer.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("x-request-id", "x-ratelimit-remaining-requests", "retry-after"))


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_can_be_read_by_the_page(through: Bridge, stream: bool) -> None:
    answer = through.chat(stream=stream, headers={"Origin": ORIGIN})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "origin" in answer.headers["vary"].lower()


@pytest.mark.parametrize("origin", ["https://app.example", "http://app.example:8443", "null", f"{ORIGIN}.evil"])
def test_another_origin_is_not_let_in(through: Bridge, origin: str) -> None:
    assert "access-control-allow-origin" not in through.chat(headers={"Origin": origin}).headers
    refused = through.ask("OPTIONS", CHAT, key=None, headers={**PREFLIGHT, "Origin": origin})
    assert refused.status == 400
    assert "access-control-allow-origin" not in refused.headers


def test_any_origin_may_be_let_in_and_none_is_by_default(make_bridge: Make, bridge: Bridge) -> None:
    anyone = make_bridge({"RALEX_CORS_ORIGINS": "*"})
    anyone.start()
    assert anyone.chat(headers={"Origin": "https://x.example"}).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in bridge.chat(headers={"Origin": ORIGIN}).headers
    assert bridge.ask("OPTIONS", CHAT, key=None, headers=PREFLIGHT).status == 405


@pytest.mark.parametrize("origins", ["https://a.example/", "a.example", "https://A.example", "**", "https://*.example"])
def test_what_no_browser_sends_as_an_origin_is_refused_at_the_start(make_bridge: Make, origins: str) -> None:
    done = make_bridge({"RALEX_CORS_ORIGINS": origins}).run()
    assert done.returncode == 78
    assert b"RALEX_CORS_ORIGINS" in done.stderr
