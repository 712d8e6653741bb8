"""When an upstream is asked a second time: each answer is paid for, so only if the first cannot have been begun."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ralex_bridge.chat_request import parse
from ralex_bridge.errors import ApiError
from ralex_bridge.upstreams import openai
from ralex_bridge.upstreams.openai import OpenAiUpstream

from .support.upstream import WHOLE

REQUEST = parse(b'{"model":"quick","messages":[{"role":"user","content":"x"}]}')
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(WHOLE), WHOLE)

Reply = tuple[float, bytes]
"""Seconds to wait, and what to send; a connection is closed after anything but a whole answer."""


@asynccontextmanager
async def answering(reply: Callable[[int], Reply]) -> AsyncIterator[tuple[OpenAiUpstream, list[str]]]:
    """An upstream that replies to each POST by its number from 0, and the connection that each came on."""
    posts: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                posts.append(str(writer.get_extra_info("peername")))
                wait, sent = reply(len(posts) - 1)
                await asyncio.sleep(wait)
                writer.write(sent)
                await writer.drain()
                if sent != ANSWER:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = OpenAiUpstream("upstream", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", None, 5)
    try:
        yield upstream, posts
    finally:
        await upstream.close()
        server.close()


async def test_a_kept_connection_that_was_just_closed_is_replaced_and_the_upstream_asked_again() -> None:
    async with answering(lambda number: (0, b"" if number == 1 else ANSWER)) as (upstream, posts):
        for _ in range(2):
            assert (await upstream.complete(REQUEST, "quick")).document["usage"]["total_tokens"] == 18
    assert len(posts) == 3
    assert posts[0] == posts[1] != posts[2]


async def test_a_connection_that_was_made_for_the_call_and_fails_is_not_replaced() -> None:
    async with answering(lambda _: (0, b"")) as (upstream, posts):
        with pytest.raises(ApiError) as failed:
            await upstream.complete(REQUEST, "quick")
    assert (failed.value.code, len(posts)) == ("upstream_unreachable", 1)


@pytest.mark.parametrize(
    ("wait", "begun"),
    [
        (0.3, b""),
        (0, b"H"),
        (0, b"HTTP/1.1 20"),
        (0, b"HTTP/1.1 200 OK\r\nContent-Ty"),
        (0, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"),
    ],
)
async def test_a_call_that_may_have_been_worked_on_is_not_made_again(
    monkeypatch: pytest.MonkeyPatch, wait: float, begun: bytes
) -> None:
    monkeypatch.setattr(openai, "STALE_SECONDS", 0.2 if wait else 5)
    async with answering(lambda number: (wait, begun) if number == 1 else (0, ANSWER)) as (upstream, posts):
        await upstream.complete(REQUEST, "quick")
        with pytest.raises(ApiError) as failed:
            await upstream.complete(REQUEST, "quick")
    assert failed.value.status == 502
    assert len(posts) == 2
    assert posts[0] == posts[1]
