"""Sessions: what is acknowledged can be read back, by its own key alone."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .support.bridge import OTHER_KEY, Bridge
from .support.events import Stream
from .support.services import Postgres
from .support.sql import fetch


@pytest.fixture
def session(bridge: Bridge) -> str:
    made = bridge.ask("POST", "/v1/sessions", {"title": "about fish"})
    assert (made.status, made.json["title"]) == (201, "about fish")
    return str(made.json["id"])


def texts(bridge: Bridge, session: str, **query: Any) -> list[tuple[str, Any]]:
    """Role and content of a session's messages."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = bridge.ask("GET", f"/v1/sessions/{session}/messages?{asked}")
    assert answer.status == 200, answer.json
    return [(entry["message"]["role"], entry["message"]["content"]) for entry in answer.json["data"]]


def test_messages_are_read_back_in_order_and_in_parts(bridge: Bridge, session: str) -> None:
    one = bridge.ask("POST", f"/v1/sessions/{session}/messages", {"role": "user", "content": "nul \0 and é"})
    assert one.status == 201
    two = [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, {"role": "tool", "content": "x"}]
    assert bridge.ask("POST", f"/v1/sessions/{session}/messages", {"messages": two}).status == 201
    assert texts(bridge, session) == [("user", "nul \0 and é"), ("assistant", None), ("tool", "x")]
    assert texts(bridge, session, after=1, limit=1) == [("assistant", None)]


def test_a_page_says_whether_there_is_more(bridge: Bridge, session: str) -> None:
    def page(**query: int) -> tuple[list[int], bool]:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        answer = bridge.ask("GET", f"/v1/sessions/{session}/messages?{asked}").json
        return [entry["position"] for entry in answer["data"]], answer["has_more"]

    assert page() == ([], False)
    messages = [{"role": "user", "content": str(number)} for number in range(5)]
    assert bridge.ask("POST", f"/v1/sessions/{session}/messages", {"messages": messages}).status == 201
    assert page() == page(limit=5) == ([1, 2, 3, 4, 5], False)
    assert page(limit=2) == ([1, 2], True)
    assert page(after=2, limit=2) == ([3, 4], True)
    assert page(after=4) == ([5], False)
    assert page(after=999_999_999) == ([], False)


def test_a_page_is_bounded_by_its_bytes_and_the_next_one_goes_on(
    bridge: Bridge, session: str, postgres: Postgres
) -> None:
    # Written by hand: the shared bridge takes no body of this size. The third is larger than a page alone, and "é" is
    # one character but two bytes.
    mebibytes = [3, 4, 9, 1, 7, 1]
    query = (
        "INSERT INTO session_messages (session_id, position, role, message) SELECT $1, n, 'user',"
        " json_build_object('role', 'user', 'content', repeat('é', mib * 524288 - 100))"
        " FROM unnest($2::int[]) WITH ORDINALITY AS given (mib, n)"
    )
    fetch(postgres.url(), query, uuid.UUID(session), mebibytes)
    pages = []
    after, has_more = 0, True
    while has_more:
        answer = bridge.ask("GET", f"/v1/sessions/{session}/messages?limit=1000&after={after}").json
        pages.append([entry["position"] for entry in answer["data"]])
        after, has_more = pages[-1][-1], answer["has_more"]
    assert pages == [[1, 2], [3], [4, 5], [6]]


def test_a_chat_with_a_session_keeps_the_new_messages_and_the_answer(bridge: Bridge, session: str) -> None:
    headers = {"X-Ralex-Session": session}
    answer = bridge.chat("first", headers=headers)
    assert answer.headers["x-ralex-session"] == session
    history = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "echo: first"},
        {"role": "user", "content": "second"},
    ]
    assert bridge.chat(messages=history, headers=headers).status == 200
    assert texts(bridge, session) == [
        ("user", "first"),
        ("assistant", "echo: first"),
        ("user", "second"),
        ("assistant", "echo: second"),
    ]


def test_a_streamed_answer_is_kept_before_its_end_is_sent(bridge: Bridge, session: str) -> None:
    for event in Stream(bridge, "quick", {"X-Ralex-Session": session}).events():
        if event == "[DONE]":
            assert texts(bridge, session) == [("user", "hello"), ("assistant", "The answer is 42.")]
            return
    pytest.fail("the stream had no end")


def test_another_key_does_not_see_the_session(bridge: Bridge, session: str) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/messages")):
        refused = bridge.ask(method, f"/v1/sessions/{session}{path}", key=OTHER_KEY)
        assert (refused.status, refused.code) == (404, "session_not_found")
    written = bridge.ask("POST", f"/v1/sessions/{session}/messages", {"role": "user", "content": ""}, key=OTHER_KEY)
    assert written.status == 404
    assert bridge.chat(key=OTHER_KEY, headers={"X-Ralex-Session": session}).status == 404
    assert session not in bridge.ask("GET", "/v1/sessions?limit=100", key=OTHER_KEY).body.decode()
    assert session in bridge.ask("GET", "/v1/sessions?limit=100").body.decode()


def test_writers_of_one_session_leave_neither_gap_nor_double(bridge: Bridge, session: str) -> None:
    def write(number: int) -> int:
        message = {"role": "user", "content": str(number)}
        return bridge.ask("POST", f"/v1/sessions/{session}/messages", {"messages": [message, message]}).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(24))) == {201}
    listed = bridge.ask("GET", f"/v1/sessions/{session}/messages").json["data"]
    assert [entry["position"] for entry in listed] == list(range(1, 49))
    contents = [entry["message"]["content"] for entry in listed]
    assert contents[::2] == contents[1::2]


def test_a_deleted_session_is_gone(bridge: Bridge, session: str) -> None:
    assert bridge.ask("DELETE", f"/v1/sessions/{session}").json["deleted"] is True
    assert bridge.ask("GET", f"/v1/sessions/{session}").status == 404


@pytest.mark.parametrize("identifier", ["no-uuid", str(uuid.uuid4()), "%27%20OR%201=1", "%00"])
def test_a_session_that_is_not_there_is_404(bridge: Bridge, identifier: str) -> None:
    refused = bridge.ask("GET", f"/v1/sessions/{identifier}/messages")
    assert (refused.status, refused.code) == (404, "session_not_found")


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("", {"title": 7}),
        ("", {"title": "x" * 201}),
        ("", {"title": "nul \0"}),
        ("", {"titel": "misspelt"}),
        ("", [1]),
        ("/{}/messages", {"role": "pirate", "content": "x"}),
        ("/{}/messages", {"messages": []}),
        ("/{}/messages", {"messages": "x"}),
        ("/{}/messages", {}),
    ],
)
def test_malformed_writes_are_400(bridge: Bridge, session: str, path: str, document: Any) -> None:
    refused = bridge.ask("POST", f"/v1/sessions{path.format(session)}", document)
    assert (refused.status, refused.code) == (400, "invalid_request")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=-1", "after=99999999999999999999"])
def test_malformed_bounds_are_400(bridge: Bridge, session: str, query: str) -> None:
    assert bridge.ask("GET", f"/v1/sessions/{session}/messages?{query}").status == 400
