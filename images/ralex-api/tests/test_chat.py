"""Chat as clients see it, the official one among them."""

from __future__ import annotations

import openai
import pytest

from .conftest import UpstreamServer
from .support.bridge import KEY, Bridge
from .support.events import Stream
from .support.services import Postgres, wait_until
from .support.sql import fetch


@pytest.fixture
def client(bridge: Bridge) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"http://127.0.0.1:{bridge.port}/v1", api_key=KEY, max_retries=0)


def test_the_official_client_lists_the_models_of_all_upstreams_in_their_order(client: openai.OpenAI) -> None:
    models = [model.id for model in client.models.list()]
    assert models[:2] == ["echo", "quick"]
    assert client.models.retrieve("quick").owned_by == "upstream"


def test_the_official_client_gets_a_whole_answer(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "good day"}])
    assert answer.choices[0].message.content == "echo: good day"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 2 + 4


@pytest.mark.parametrize(("model", "text"), [("echo", "echo: a  b\n"), ("quick", "The answer is 42.")])
def test_the_official_client_streams_an_answer_with_its_usage(client: openai.OpenAI, model: str, text: str) -> None:
    chunks = list(
        client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": "a  b\n"}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == text
    usages = [chunk.usage for chunk in chunks if chunk.usage is not None]
    assert len(usages) == 1
    assert usages[0].total_tokens == (18 if model == "quick" else 2 + 3)


def test_the_official_client_recognises_each_error(client: openai.OpenAI, bridge: Bridge) -> None:
    with pytest.raises(openai.NotFoundError, match="no model"):
        client.chat.completions.create(model="unheard-of", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=client.base_url, api_key="wrong", max_retries=0).models.list()
    with pytest.raises(openai.APIError, match="not an answer"):
        list(client.chat.completions.create(model="garbage", messages=[{"role": "user", "content": "x"}], stream=True))


def test_a_stream_without_asking_has_no_usage_and_ends_with_done(bridge: Bridge) -> None:
    events = list(Stream(bridge, "quick").events())
    assert events[-1] == "[DONE]"
    assert not any("usage" in event for event in events[:-1])


def test_an_upstream_that_reports_no_usage_gets_an_estimate(bridge: Bridge) -> None:
    *_, usage, done = Stream(bridge, "no-usage", stream_options={"include_usage": True}).events()
    assert done == "[DONE]"
    assert usage["usage"] == {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7}


def test_a_route_sends_a_pattern_to_another_name(bridge: Bridge, upstream: UpstreamServer) -> None:
    assert bridge.chat(model="alias-of-it").json["choices"][0]["message"]["content"] == "The answer is 42."


def test_the_request_goes_on_with_fields_that_the_bridge_does_not_know(
    bridge: Bridge, upstream: UpstreamServer
) -> None:
    assert bridge.chat(model="slow", temperature=0.5, tools=[{"type": "function"}]).status == 200
    asked = upstream.seen()["asked"][-1]
    assert (asked["temperature"], asked["tools"]) == (0.5, [{"type": "function"}])


def test_usage_is_written_within_a_second_with_tokens_and_cost(bridge: Bridge, postgres: Postgres) -> None:
    identifier = bridge.chat(model="quick").headers["x-request-id"]
    query = "SELECT key_name, model, upstream, prompt_tokens, completion_tokens, cost_usd::text, status FROM usage"
    wait_until(lambda: bool(fetch(postgres.url(), f"{query} WHERE request_id = $1", identifier)), 1, "usage is written")
    (row,) = fetch(postgres.url(), f"{query} WHERE request_id = $1", identifier)
    assert row == ("tests", "quick", "upstream", 11, 7, "0.00009200", 200)


def test_a_request_id_is_taken_over_if_well_formed_and_stands_in_the_access_line(bridge: Bridge) -> None:
    taken = bridge.chat(headers={"X-Request-Id": "from-the-edge.1"})
    assert taken.headers["x-request-id"] == "from-the-edge.1"
    made = bridge.chat(headers={"X-Request-Id": 'evil "id"'}).headers["x-request-id"]
    assert len(made) == 32
    wait_until(lambda: made in bridge.log.read_text(), 1, "the access line is written")
    (line,) = [line for line in bridge.lines() if line.get("request_id") == "from-the-edge.1"]
    assert (line["logger"], line["status"], line["key"], line["model"]) == ("ralex.access", 200, "tests", "echo")


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + "x", KEY[:-1]])
def test_without_a_valid_key_nothing_under_v1_is_answered(bridge: Bridge, key: str | None) -> None:
    for method, path in (("GET", "/v1/models"), ("POST", "/v1/chat/completions"), ("GET", "/v1/sessions")):
        refused = bridge.ask(method, path, key=key)
        assert (refused.status, refused.code) == (401, "invalid_api_key")
        assert refused.headers["www-authenticate"] == "Bearer"


def test_unknown_addresses_and_methods_are_refused_in_openais_shape(bridge: Bridge) -> None:
    assert (missing := bridge.ask("GET", "/v2/models")).status == 404
    assert missing.code == "not_found"
    for method, path in (("GET", "/v1/chat/completions"), ("PUT", "/v1/sessions")):
        refused = bridge.ask(method, path)
        assert (refused.status, refused.code) == (405, "not_allowed")


def test_a_head_request_is_answered_on_a_kept_connection(bridge: Bridge) -> None:
    for _ in range(2):
        assert bridge.ask("HEAD", "/health", key=None, timeout=2).status == 200


def test_metrics_count_by_route_and_not_by_path(bridge: Bridge) -> None:
    bridge.ask("GET", "/v1/sessions/made-up-by-the-caller")
    bridge.ask("GET", "/also-made-up")
    text = bridge.ask("GET", "/metrics", key=None).body.decode()
    assert "made-up" not in text
    assert 'ralex_requests_total{route="/v1/sessions",status="404"}' in text
    assert "process_resident_memory_bytes" in text


def test_streams_use_one_connection_to_the_upstream_again(bridge: Bridge, upstream: UpstreamServer) -> None:
    list(Stream(bridge, "quick").events())
    before = upstream.seen()["connections"]
    for _ in range(5):
        assert list(Stream(bridge, "quick").events())[-1] == "[DONE]"
    assert upstream.seen()["connections"] == before
