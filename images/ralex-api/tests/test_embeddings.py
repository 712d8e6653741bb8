"""Embeddings, as the official client and Open WebUI ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import openai
import pytest

from .support.bridge import KEY, UPSTREAM_KEY, Bridge
from .support.scripted import Reply, Scripted, scripted
from .support.services import Postgres, wait_until
from .support.sql import fetch

ANSWER = {
    "object": "list",
    "model": "m",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}],
    "usage": {"prompt_tokens": 5, "total_tokens": 5},
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory, upstream: Scripted, postgres: Postgres) -> Iterator[Bridge]:
    made = Bridge(tmp_path_factory.mktemp("embeddings"), database_url=postgres.url())
    made.upstreams = {
        "upstreams": [{"name": "echo", "kind": "echo"}, made.openai_upstream(upstream.base_url)],
        "prices": {"any": {"prompt": 1, "completion": 0}},
    }
    made.start()
    yield made
    made.end()


def test_the_official_client_gets_embeddings_and_they_are_accounted_for(
    through: Bridge, upstream: Scripted, postgres: Postgres
) -> None:
    upstream.answers(Reply(json.dumps(ANSWER).encode(), headers={"x-ratelimit-remaining-requests": "9"}))
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{through.port}/v1", api_key=KEY, max_retries=0)
    raw = client.embeddings.with_raw_response.create(model="any", input=["a text"], dimensions=2)
    assert raw.headers["x-ratelimit-remaining-requests"] == "9"
    assert raw.parse().data[0].embedding == [0.5, -1.0]
    assert upstream.paths == ["/v1/embeddings"]
    columns = "model, upstream, prompt_tokens, completion_tokens, cost_usd::text, status"
    query = f"SELECT {columns} FROM usage WHERE request_id = $1"
    identifier = raw.headers["x-request-id"]
    wait_until(lambda: bool(fetch(postgres.url(), query, identifier)), 5, "usage is written")
    assert fetch(postgres.url(), query, identifier) == [("any", "upstream", 5, 0, "0.00000500", 200)]
    assert through.metric("ralex_requests_total", route="/v1/embeddings", status="200") == 1


def test_a_request_for_embeddings_is_passed_on_byte_for_byte(through: Bridge, upstream: Scripted) -> None:
    upstream.answers(Reply(json.dumps(ANSWER).encode()))
    sent = b'{ "input":[18446744073709551616,1.0],"model":"any" }'
    assert through.ask("POST", "/v1/embeddings", sent).status == 200
    assert upstream.bodies == [sent]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "any"}, "input"),
        ({"model": "any", "input": ""}, "input"),
        ({"model": "any", "input": 7}, "input"),
        ({"input": "x"}, "model"),
        ({"model": "echo", "input": "x"}, "model"),
    ],
)
def test_what_cannot_be_embedded_is_400_with_the_field(through: Bridge, body: object, param: str) -> None:
    refused = through.ask("POST", "/v1/embeddings", body)
    assert (refused.status, refused.json["error"]["param"]) == (400, param)


def test_refusals_and_wrong_keys_are_as_for_chat(through: Bridge, upstream: Scripted) -> None:
    upstream.answers(Reply(b'{"error":{"code":"context_length_exceeded","message":"%b"}}' % UPSTREAM_KEY.encode(), 400))
    refused = through.ask("POST", "/v1/embeddings", {"model": "any", "input": "x"})
    assert (refused.status, refused.code) == (400, "context_length_exceeded")
    assert UPSTREAM_KEY.encode() not in refused.body
    upstream.answers(Reply(b'{"object":"list"}'))
    assert through.ask("POST", "/v1/embeddings", {"model": "any", "input": "x"}).code == "upstream_garbled"
    assert through.ask("POST", "/v1/embeddings", {"model": "any", "input": "x"}, key=None).status == 401
    assert through.ask("GET", "/v1/embeddings").status == 405
