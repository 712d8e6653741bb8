"""What upstreams send, as the official client meets it through the bridge: none of it may lose or cut an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import openai
import pytest

from .conftest import Make
from .support.bridge import KEY, UPSTREAM_KEY, Bridge
from .support.events import Stream
from .support.scripted import END, Reply, Scripted, chunk, scripted, sse, whole
from .support.services import Postgres

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
HELLO = chunk({"role": "assistant", "content": "hello"})


@pytest.fixture(scope="module")
def upstream() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory, upstream: Scripted, postgres: Postgres) -> Iterator[Bridge]:
    """A bridge before the scripted upstream."""
    made = Bridge(tmp_path_factory.mktemp("tolerance"), database_url=postgres.url())
    made.upstreams = {
        "upstreams": [made.openai_upstream(upstream.base_url)],
        "routes": [{"model": "alias", "upstream": "upstream", "target": 'the "target"'}],
    }
    made.environment["RALEX_RATE_LIMIT_PER_MINUTE"] = "0"
    made.start()
    yield made
    made.end()


def client_of(bridge: Bridge) -> openai.OpenAI:
    """The official client."""
    return openai.OpenAI(base_url=f"http://127.0.0.1:{bridge.port}/v1", api_key=KEY, max_retries=0)


def streamed(bridge: Bridge, **more: Any) -> tuple[str, Any]:
    """The text of a streamed answer by the official client, and its usage."""
    chunks = list(
        client_of(bridge).chat.completions.create(
            model="any",
            messages=[{"role": "user", "content": "x"}],
            stream=True,
            stream_options={"include_usage": True},
            **more,
        )
    )
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices and one.choices[0].delta)
    return text, [one.usage for one in chunks if one.usage is not None][-1]


@pytest.mark.parametrize(
    "reply",
    [
        sse("data: \n\n", HELLO, "data:\n\n", "data\n\n", *END),
        sse(": OPENROUTER PROCESSING\n\n", HELLO, ":\n\n", *END),
        sse("event: message\nid: 1\nretry: 10\n" + HELLO, *END),
        sse(HELLO.replace("\n", "\r\n"), *(line.replace("\n", "\r\n") for line in END)),
        sse(HELLO.replace("\n", "\r"), *(line.replace("\n", "\r") for line in END)),
        sse("\r\n", HELLO.replace("\n", "\r"), "\n", *END),
        sse(HELLO.replace("data: ", "data:"), *(line.replace("data: ", "data:") for line in END)),
        sse(HELLO.replace(', "', ',\ndata: "'), *END),
        sse(HELLO.replace("\n\n", "\n"), *(line.replace("\n\n", "\n") for line in END)),
        sse(b"\xef\xbb\xbf" + HELLO.encode(), *END),
        sse(b"\xef", b"\xbb", b"\xbf" + HELLO.encode(), *END),
        sse(*(HELLO[at : at + 1] for at in range(len(HELLO))), *END),
        sse(HELLO, chunk({}, "stop"), "data: [DONE] \n\n"),
        sse(HELLO, chunk({}, "stop"), "data: [DONE]"),
        sse(HELLO, chunk({}, "stop").rstrip()),
        sse(HELLO, chunk({}, "stop")),
        sse(HELLO),
        sse(HELLO, chunk({}, "stop"), framed=False),
        sse('data: {"choices": null}\n\n', "data: null\n\n", 'data: "ping"\n\n', HELLO, *END),
        sse(HELLO, 'data: {"id": "c", "error": null, "choices": []}\n\n', *END),
        sse(HELLO, chunk({}, "stop"), 'data: {"choices": [{"index": 0, "finish_reason": null}]}\n\n', END[1]),
        sse(HELLO, chunk({}, "stop", choice_logprobs=float("-inf")), END[1]),
        sse(HELLO, *END, status=201),
    ],
)
def test_every_way_to_send_a_stream_gives_the_whole_answer(through: Bridge, upstream: Scripted, reply: Reply) -> None:
    upstream.answers(reply)
    assert streamed(through)[0] == "hello"


@pytest.mark.parametrize(
    "last",
    [
        [chunk({}, "stop"), f'data: {{"id": "c", "usage": {json.dumps(USAGE)}}}\n\n'],
        [chunk({}, "stop"), f'data: {{"id": "c", "choices": null, "usage": {json.dumps(USAGE)}}}\n\n'],
        [chunk({}, "stop"), chunk(usage=USAGE)],
        [chunk({}, "stop", usage=USAGE)],
        [chunk({}, "stop", usage={**USAGE, "completion_tokens": 4.0})],
        [chunk({}, "stop", usage={"prompt_tokens": 3, "completion_tokens": 1}), chunk(usage=USAGE)],
        [chunk({}, "stop", x_groq={"id": "r", "usage": USAGE})],
        [chunk({}, "stop"), chunk(usage=USAGE), chunk(usage=None)],
    ],
)
def test_usage_is_taken_from_wherever_an_upstream_reports_it(
    through: Bridge, upstream: Scripted, last: list[str]
) -> None:
    upstream.answers(sse(HELLO, *last, "data: [DONE]\n\n"))
    text, usage = streamed(through)
    assert (text, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == ("hello", 3, 4, 7)


def test_what_azure_says_of_the_prompt_reaches_the_client(through: Bridge, upstream: Scripted) -> None:
    upstream.answers(sse(chunk(prompt_filter_results=[{"prompt_index": 0}]), HELLO, *END))
    first, *_ = Stream(through, "any").events()
    assert first["prompt_filter_results"] == [{"prompt_index": 0}]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([r"\ud83d", r"\ude00"], "😀"),
        ([r"a\ud83d", r"\ude00b\ud83d", r"\ude00"], "a😀b😀"),
        ([r"\ud83d", "x"], "\ufffdx"),
        ([r"\ud83d"], "\ufffd"),
        ([r"\ude00", r"\ud83d\ude00"], "\ufffd😀"),
        ([r"\\ud83d\u0000"], "\\ud83d\0"),
    ],
)
@pytest.mark.parametrize("place", ["content", "reasoning_content", "refusal", "arguments"])
def test_a_character_cut_in_two_is_joined_or_replaced(
    through: Bridge, upstream: Scripted, place: str, pieces: list[str], text: str
) -> None:
    def delta(piece: str) -> str:
        shown = {"tool_calls": [{"index": 0, "function": {"arguments": "@"}}]} if place == "arguments" else {place: "@"}
        return chunk(shown).replace("@", piece)

    upstream.answers(sse(HELLO, *map(delta, pieces), *END))
    session = through.ask("POST", "/v1/sessions", {}).json["id"]
    deltas = [
        event["choices"][0]["delta"]
        for event in list(Stream(through, "any", {"X-Ralex-Session": session}).events())[1:]
        if event != "[DONE]"
    ]
    if place == "arguments":
        got = [call["function"]["arguments"] for one in deltas for call in one.get("tool_calls", [])]
    else:
        got = [one[place] for one in deltas if place in one]
    assert "".join(got) == text
    kept = through.ask("GET", f"/v1/sessions/{session}/messages").json["data"][-1]["message"]
    whole_text = kept["tool_calls"][0]["function"]["arguments"] if place == "arguments" else kept[place]
    assert whole_text == ("hello" + text if place == "content" else text)


@pytest.mark.parametrize("body", [r"cut \ud83d", "nul \\u0000", r"\ude00\ud83d\ude00"])
def test_half_characters_and_nul_pass_in_requests_answers_and_sessions(
    through: Bridge, upstream: Scripted, body: str
) -> None:
    read = json.loads(f'"{body.replace("ud83d", "ufffd") if body.endswith("d83d") else body}"')
    read = read.replace("\ude00", "\ufffd", 1) if body.startswith(r"\ude00") else read
    upstream.answers(replace(whole(), body=whole(content="@").body.replace(b"@", body.encode())))  # type: ignore[union-attr]
    session = through.ask("POST", "/v1/sessions", {}).json["id"]
    sent = b'{"model":"any","messages":[{"role":"user","content":"%b"}]}' % body.encode()
    answer = through.ask("POST", "/v1/chat/completions", sent, headers={"X-Ralex-Session": session})
    assert answer.status == 200, answer.body
    assert answer.json["choices"][0]["message"]["content"] == read
    assert upstream.bodies == [sent]
    kept = through.ask("GET", f"/v1/sessions/{session}/messages").json["data"]
    assert [entry["message"]["content"] for entry in kept] == [read, read]


PRECISE = (
    rb'{ "z":1,"model" : "any", "messages":[{"role":"user","content":"\u00e9\/"}] ,"seed":18446744073709551616,'
    rb' "temperature":1.0,"top_p":1e0,"a":-0.0,"n":100000000000000000000000000000001 }'
)


def test_what_a_client_sends_is_passed_on_byte_for_byte(through: Bridge, upstream: Scripted) -> None:
    upstream.answers(whole(content="x"))
    assert through.ask("POST", "/v1/chat/completions", PRECISE).status == 200
    assert upstream.bodies == [PRECISE]


def test_only_what_the_bridge_has_to_change_of_a_request_is_changed(through: Bridge, upstream: Scripted) -> None:
    upstream.answers(whole(content="x"), sse(HELLO, *END))
    through.ask("POST", "/v1/chat/completions", PRECISE.replace(b'"any"', b'"alias"'))
    expected = PRECISE.replace(b'"any"', rb'"the \"target\""')
    assert upstream.bodies.pop() == expected
    through.ask("POST", "/v1/chat/completions", PRECISE[:-2] + b',"stream":true}')
    assert upstream.bodies == [b'{"stream_options":{"include_usage":true},' + PRECISE[1:-2] + b',"stream":true}']


def test_an_answer_reaches_the_client_as_the_upstream_wrote_it(through: Bridge, upstream: Scripted) -> None:
    body = rb'  {"choices":[{"index":0,"message":{"content":"\u00e9"}}],"big":18446744073709551616, "x":1.0}'
    upstream.answers(Reply(body))
    assert through.chat(model="any").body == body
    event = b'data: {"choices": [{"index":0,"delta":{"content":"\\u00e9"}}], "big":18446744073709551616}\n\n'
    upstream.answers(sse(event, *END))
    raw = through.chat(model="any", stream=True).body
    assert raw.startswith(event)


@pytest.mark.parametrize(
    "body", [b'\xef\xbb\xbf{"choices":[]}', b'{"choices":[],"x":NaN}', b'{"choices":[],"x":"\xff"}']
)
def test_whole_answers_that_clients_read_pass(through: Bridge, upstream: Scripted, body: bytes) -> None:
    upstream.answers(Reply(body))
    answer = through.chat(model="any")
    assert (answer.status, answer.json["choices"]) == (200, [])


@pytest.mark.parametrize(
    "said",
    [
        '{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"]}]}}',
        '{"error":{"message":"Unrecognized request argument supplied: stream_options","code":null}}',
        '{"error":{"code":"unsupported_parameter","param":"stream_options","message":"no"}}',
        "bad request",
    ],
)
@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("asked", [{}, {"stream_options": None}, {"stream_options": {"include_usage": True}}])
def test_stream_options_that_an_upstream_refuses_are_left_out_from_then_on(
    make_bridge: Make, upstream: Scripted, said: str, status: int, asked: dict[str, Any]
) -> None:
    if status == 422 and (asked or said == "bad request"):
        pytest.skip("the same as with 400")
    bridge = make_bridge(upstreams={})
    bridge.upstreams = {"upstreams": [bridge.openai_upstream(upstream.base_url)]}
    bridge.start()
    refused = Reply(said.encode(), status=status)
    upstream.answers(refused, sse(HELLO, *END))
    for _ in range(2):
        events = list(Stream(bridge, "any", **asked).events())
        assert events[0]["choices"][0]["delta"]["content"] == "hello"
        assert events[-1] == "[DONE]"
        if asked.get("stream_options"):
            assert events[-2]["usage"]["completion_tokens"] == 2
    assert ["stream_options" in json.loads(body) for body in upstream.bodies] == [True, False, False]


def test_a_model_that_refuses_stream_options_silently_does_not_cost_the_others_their_usage(
    through: Bridge, upstream: Scripted
) -> None:
    upstream.answers(sse(HELLO, *END), Reply(b"bad request", status=400), sse(HELLO, chunk(usage=USAGE), *END))
    for _ in range(3):
        assert streamed(through)[0] == "hello"
    assert ["stream_options" in json.loads(body) for body in upstream.bodies] == [True, True, False, True]


def test_a_refusal_of_something_else_is_not_taken_for_one_of_stream_options(
    through: Bridge, upstream: Scripted
) -> None:
    upstream.answers(sse(HELLO, *END))
    streamed(through)
    upstream.answers(Reply(b'{"error":{"message":"no","param":"seed"}}', status=400))
    refused = through.chat(model="any", stream=True, seed=1)
    assert (refused.status, refused.json["error"]["param"], len(upstream.bodies)) == (400, "seed", 1)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "code", "param"),
    [
        ({"code": "context_length_exceeded", "param": "messages"}, 400, "context_length_exceeded", "messages"),
        ({"code": "unsupported_parameter", "param": "max_tokens"}, 400, "unsupported_parameter", "max_tokens"),
        ({"code": "unsupported_value", "param": "messages[0].role"}, 422, "unsupported_value", "messages[0].role"),
        (
            {"code": 400, "message": "This model's maximum context length is 8 tokens"},
            400,
            "context_length_exceeded",
            None,
        ),
        ({"code": 400, "type": "exceed_context_size_error"}, 400, "context_length_exceeded", None),
        ({"code": UPSTREAM_KEY, "param": UPSTREAM_KEY}, 400, "upstream_rejected", None),
        ({"code": "string_above_max_length", "param": "own_field"}, 400, "string_above_max_length", "own_field"),
        ({"code": "insufficient_quota", "type": "insufficient_quota"}, 429, "insufficient_quota", None),
        ({"code": "model_not_found", "param": "model"}, 404, "model_not_found", "model"),
        ({"code": "model_not_found"}, 403, "model_not_found", None),
        ({"code": "invalid_api_key"}, 401, None, None),
        ({"code": "server_overloaded"}, 503, "server_overloaded", None),
        ({"code": "request_too_large"}, 413, "request_too_large", None),
    ],
)
def test_known_codes_and_parameters_reach_the_client_and_free_text_does_not(
    through: Bridge,
    upstream: Scripted,
    error: dict[str, Any],
    status: int,
    code: str | None,
    param: str | None,
    stream: bool,
) -> None:
    text = f"refused {UPSTREAM_KEY}"
    upstream.answers(Reply(json.dumps({"error": {"message": text, **error}}).encode(), status=status))
    answer = through.chat(model="any", stream=stream, own_field=1)
    assert answer.status == (502 if status == 401 else status)
    assert answer.code == (code or "upstream_refused")
    assert answer.json["error"]["param"] == param
    assert UPSTREAM_KEY.encode() not in answer.body
    assert b"maximum context" not in answer.body


def test_the_place_that_mistral_names_is_the_parameter(through: Bridge, upstream: Scripted) -> None:
    detail = {"detail": [{"type": "extra_forbidden", "loc": ["body", "messages", 0, "content"]}]}
    upstream.answers(Reply(json.dumps({"object": "error", "message": detail, "code": None}).encode(), status=422))
    answer = through.chat(model="any")
    assert (answer.status, answer.json["error"]["param"]) == (422, "messages.0.content")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'"x"', b"[" * 900, b'{"error":"x"}', b'{"error":[1]}', b"\xff"]
)
def test_any_body_of_a_refusal_is_an_error_in_openais_shape(through: Bridge, upstream: Scripted, body: bytes) -> None:
    upstream.answers(Reply(body, status=400))
    answer = through.chat(model="any")
    assert (answer.status, answer.code) == (400, "upstream_rejected")


@pytest.mark.parametrize("line", ['{"error":{"code":400,"message":"no"}}\n', 'error: {"code":400,"message":"no"}\n\n'])
def test_an_error_that_is_no_event_does_not_pass_for_the_end(through: Bridge, upstream: Scripted, line: str) -> None:
    upstream.answers(sse(HELLO, line))
    *_, last = Stream(through, "any").events()
    assert last["error"]["code"] == "upstream_rejected"


def test_an_error_within_a_stream_has_its_code_and_before_the_first_piece_its_status(
    through: Bridge, upstream: Scripted
) -> None:
    event = 'data: {"error":{"code":429,"message":"no"},"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}\n\n'
    upstream.answers(sse(HELLO, event))
    *_, last = Stream(through, "any").events()
    assert last["error"]["code"] == "upstream_rate_limited"
    upstream.answers(sse(": wait\n\n", event))
    assert through.chat(model="any", stream=True).status == 429
    upstream.answers(Reply(b'{"error":{"code":"context_length_exceeded","status":400}}'))
    answer = through.chat(model="any")
    assert (answer.status, answer.code) == (400, "context_length_exceeded")


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        ("7", 7, 7),
        ("7.66", 8, 8),
        ("0.2", 1, 1),
        ("-3", 0, 0),
        ("6s", 6, 6),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 10**9, 10**10),
        ("soon", None, None),
        ("inf", None, None),
        ("nan", None, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_time_to_wait_reaches_the_client_in_whole_seconds(
    through: Bridge, upstream: Scripted, status: int, given: str, least: int | None, most: int | None
) -> None:
    upstream.answers(Reply(b"{}", status=status, headers={"Retry-After": given}))
    answer = through.chat(model="any")
    assert answer.status == status
    if least is None or most is None:
        assert "retry-after" not in answer.headers
    else:
        assert least <= int(answer.headers["retry-after"]) <= most


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [200, 429])
def test_an_upstreams_limits_reach_the_client(through: Bridge, upstream: Scripted, status: int, stream: bool) -> None:
    headers = {
        "X-RateLimit-Remaining-Requests": "12",
        "x-ratelimit-reset-tokens": "6m0.5s",
        "x-ratelimit-secret": UPSTREAM_KEY,
        "x-ratelimit-text": "<b>",
        "x-other": "1",
    }
    reply = (sse(HELLO, *END) if stream else whole(content="x")) if status == 200 else Reply(b"{}")
    upstream.answers(replace(reply, status=status, headers=headers))
    answer = through.chat(model="any", stream=stream)
    found = {
        name: value for name, value in answer.headers.items() if name.startswith("x-ratelimit") or name == "x-other"
    }
    assert found == {"x-ratelimit-remaining-requests": "12", "x-ratelimit-reset-tokens": "6m0.5s"}


def call(
    index: int | None, identifier: str | None = None, name: str | None = None, arguments: str = ""
) -> dict[str, Any]:
    """A piece of a tool call."""
    function = {"arguments": arguments, **({"name": name} if name else {})}
    given = {"index": index, "id": identifier, "type": "function" if name else None, "function": function}
    return {"tool_calls": [{key: value for key, value in given.items() if value is not None}]}


def called(identifier: str, name: str, arguments: str) -> dict[str, Any]:
    """A whole tool call."""
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("deltas", "message"),
    [
        (
            [{"content": None}, call(0, "a", "f", '{"x":'), call(0, None, None, "1}"), call(1, "b", "g", "{}")],
            {"tool_calls": [called("a", "f", '{"x":1}'), called("b", "g", "{}")]},
        ),
        # Ollama: each call whole, all with the same index. Gemini: without any.
        (
            [call(0, "a", "f", "{}"), call(0, "b", "g", "[]")],
            {"tool_calls": [called("a", "f", "{}"), called("b", "g", "[]")]},
        ),
        (
            [call(None, "a", "f", "{}"), call(None, "b", "g")],
            {"tool_calls": [called("a", "f", "{}"), called("b", "g", "")]},
        ),
        ([call(0, "a", "f", "{"), call(0, "a", "f", "}")], {"tool_calls": [called("a", "f", "{}")]}),
        (
            [{"reasoning_content": "th"}, {"reasoning_content": "ink"}, {"content": "x"}],
            {"reasoning_content": "think", "content": "x"},
        ),
        ([{"reasoning": "a"}, {"reasoning": "b"}], {"reasoning": "ab"}),
        ([{"refusal": "I can"}, {"refusal": "not"}], {"refusal": "I cannot"}),
        (
            [{"reasoning_details": [{"index": 0, "type": "t", "text": part, "format": "f"}]} for part in "ab"],
            {"reasoning_details": [{"index": 0, "type": "t", "text": "ab", "format": "f"}]},
        ),
        ([{"annotations": [{"a": 1}]}, {"annotations": [{"a": 2}]}], {"annotations": [{"a": 1}, {"a": 2}]}),
        (
            [{"audio": {"id": "i", "data": "QQ"}}, {"audio": {"id": "i", "data": "=="}}],
            {"audio": {"id": "i", "data": "QQ=="}},
        ),
        (
            [{"function_call": {"name": "f", "arguments": "{"}}, {"function_call": {"arguments": "}"}}],
            {"function_call": {"name": "f", "arguments": "{}"}},
        ),
        (
            [{"content": [{"type": "thinking", "thinking": []}]}, {"content": "so"}],
            {"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "so"}]},
        ),
        ([{"role": None, "content": "a"}, {"role": "assistant", "content": "b"}], {"content": "ab"}),
    ],
)
def test_a_session_keeps_of_a_stream_what_it_keeps_of_a_whole_answer(
    through: Bridge, upstream: Scripted, deltas: list[dict[str, Any]], message: dict[str, Any]
) -> None:
    kept = []
    for reply, stream in ((sse(*map(chunk, deltas), *END), True), (whole(**message), False)):
        upstream.answers(reply)
        session = through.ask("POST", "/v1/sessions", {}).json["id"]
        assert through.chat(model="any", stream=stream, headers={"X-Ralex-Session": session}).status == 200
        kept.append(through.ask("GET", f"/v1/sessions/{session}/messages").json["data"][-1]["message"])
    assert kept[0] == kept[1] == {"role": "assistant", "content": None, **message}


@pytest.mark.parametrize("role", [None, 7, "pirate", "\0"])
def test_an_answer_with_an_odd_role_is_kept_as_the_assistants(through: Bridge, upstream: Scripted, role: Any) -> None:
    upstream.answers(whole(content="x", **{"role": role}))
    session = through.ask("POST", "/v1/sessions", {}).json["id"]
    assert through.chat(model="any", headers={"X-Ralex-Session": session}).status == 200
    assert through.ask("GET", f"/v1/sessions/{session}/messages").json["data"][-1]["message"]["role"] == "assistant"
