"""Chat completions: the path that nearly every request takes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import orjson

from .accounting import CLIENT_GONE, record
from .chat_request import ChatRequest, parse, text_of
from .errors import ApiError, server_error
from .exchange import Disconnected, DisconnectWatch, Exchange, encoded
from .limits import ResponseCache
from .metrics import STREAMS
from .routing import Router, Target
from .sessions import Sessions, new_messages
from .stream_tally import StreamTally
from .tokens import estimate
from .usage import UsageLog, tokens

WATCH_AFTER_SECONDS = 0.25
"""Answers quicker than this are not worth a second task that watches for the client's leaving."""


class Chat:
    """Answers chat requests out of the cache or an upstream, and accounts for them."""

    def __init__(self, router: Router, cache: ResponseCache, sessions: Sessions, usage: UsageLog) -> None:
        self._router = router
        self._cache = cache
        self._sessions = sessions
        self._usage = usage

    async def handle(self, exchange: Exchange, body: bytes) -> None:
        """Answers one request of a caller that was let in."""
        request = parse(body)
        exchange.model = request.model
        session = await self._session(exchange)
        target = await self._router.find(request.model)
        exchange.upstream = target.upstream.name
        if request.stream:
            await self._stream(exchange, request, target, session)
        else:
            await self._answer(exchange, request, target, session)

    async def _session(self, exchange: Exchange) -> str | None:
        """The session that the exchange is to be kept in, known to exist before anything is spent on it."""
        header = exchange.headers.get(b"x-ralex-session")
        if header is None:
            return None
        session = header.decode("latin-1")
        await self._sessions.get(exchange.key_name or "", session)
        return session

    async def _keep(
        self, exchange: Exchange, session: str, request: ChatRequest, answer: dict[str, Any] | None
    ) -> None:
        said = [*new_messages(request.messages), *([answer] if answer else [])]
        if said:
            await self._sessions.append(exchange.key_name or "", session, said)

    async def _answer(self, exchange: Exchange, request: ChatRequest, target: Target, session: str | None) -> None:
        headers = [(b"x-ralex-session", session.encode())] if session else []
        place = None
        if self._cache.on:
            place = self._cache.key(exchange.key_name or "", target.upstream.name, target.model, request.body)
            kept = await self._cache.get(place)
            if kept is not None:
                exchange.upstream = "cache"
                headers.append((b"x-ralex-cache", b"hit"))
                await self._finish(exchange, request, target, *kept, session=session, headers=headers)
                return
            headers.append((b"x-ralex-cache", b"miss"))
        try:
            with DisconnectWatch(exchange, WATCH_AFTER_SECONDS):
                answer = await target.upstream.complete(request, target.model)
        except ApiError as error:
            record(self._usage, exchange, target, status=error.status)
            raise
        except Disconnected:
            record(self._usage, exchange, target, status=CLIENT_GONE)
            raise
        except asyncio.CancelledError:
            record(self._usage, exchange, target, status=503)
            raise
        if place is not None:
            await self._cache.put(place, answer.body)
        headers += encoded(answer.headers)
        await self._finish(exchange, request, target, answer.document, answer.body, session=session, headers=headers)

    async def _finish(
        self,
        exchange: Exchange,
        request: ChatRequest,
        target: Target,
        document: dict[str, Any],
        body: bytes,
        *,
        session: str | None,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        reported = document.get("usage")
        prompt = tokens(reported, "prompt_tokens")
        completion = tokens(reported, "completion_tokens")
        if prompt is None:
            prompt = prompt_estimate(request)
        if completion is None:
            completion = sum(estimate(text_of(_message(choice))) for choice in document["choices"])
        record(self._usage, exchange, target, status=200, prompt=prompt, completion=completion)
        if session is not None:
            answer = _message(document["choices"][0]) if document["choices"] else None
            await self._keep(exchange, session, request, answer)
        await exchange.respond(200, body, headers)

    async def _stream(self, exchange: Exchange, request: ChatRequest, target: Target, session: str | None) -> None:
        tally = StreamTally(request.include_usage, keep_message=session is not None)
        status = 200
        STREAMS.inc()
        try:
            with DisconnectWatch(exchange, 0):
                await self._relay(exchange, request, target, tally, session)
            if session is not None:
                await self._keep(exchange, session, request, tally.message())
            if request.include_usage:
                await exchange.event(orjson.dumps(tally.usage_chunk(prompt_estimate(request))))
            await exchange.event(b"[DONE]", last=True)
        except ApiError as error:
            status = error.status
            if not exchange.begun:
                raise
            await self._fail(exchange, error)
        except Disconnected:
            status = CLIENT_GONE
            raise
        except asyncio.CancelledError:
            # The grace period is over. The client is still there, so it is told.
            status = 503
            if not exchange.begun:
                raise
            await self._fail(exchange, server_error(503, "shutting_down", "the server is shutting down; try again"))
        finally:
            STREAMS.dec()
            # Where nothing was answered, nothing is charged.
            prompt = prompt_estimate(request) if exchange.begun and tally.prompt is None else tally.prompt or 0
            record(self._usage, exchange, target, status=status, prompt=prompt, completion=tally.completion)

    @staticmethod
    async def _relay(
        exchange: Exchange, request: ChatRequest, target: Target, tally: StreamTally, session: str | None
    ) -> None:

        async def begin(heard: dict[str, str]) -> None:
            if not exchange.begun:
                kept = [(b"x-ralex-session", session.encode())] if session else []
                await exchange.begin_events([*kept, *encoded(heard)])

        heard: dict[str, str] = {}
        is_empty = True
        async with aclosing(target.upstream.stream(request, target.model, heard)) as chunks:
            async for chunk in chunks:
                is_empty = False
                passed = tally.take(chunk)
                if passed is not None:
                    await begin(heard)
                    await exchange.event(passed)
        if is_empty:
            raise server_error(
                502, "upstream_garbled", f"upstream {target.upstream.name} answered with an empty stream"
            )
        await begin(heard)

    @staticmethod
    async def _fail(exchange: Exchange, error: ApiError) -> None:
        exchange.reason = error.code
        await exchange.event(error.body(), last=True)


def prompt_estimate(request: ChatRequest) -> int:
    """About how many tokens the prompt has, for upstreams that do not say."""
    return sum(estimate(text_of(message)) for message in request.messages)


def _message(choice: Any) -> dict[str, Any]:
    message = choice.get("message") if isinstance(choice, dict) else None
    rest = {name: value for name, value in message.items() if name != "role"} if isinstance(message, dict) else {}
    return {"role": "assistant", "content": None, **rest}
