"""Chat completions: the path that nearly every request takes."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import orjson

from .chat_request import ChatRequest, parse, text_of
from .errors import ApiError, server_error
from .exchange import Disconnected, DisconnectWatch, Exchange
from .limits import ResponseCache
from .metrics import STREAMS
from .routing import Router, Target
from .sessions import Sessions, new_messages
from .stream_tally import StreamTally
from .tokens import estimate
from .usage import FREE, Record, UsageLog, cost, tokens

WATCH_AFTER_SECONDS = 0.25
"""Answers quicker than this are not worth a second task that watches for the client's leaving."""
CLIENT_GONE = 499
"""nginx's status for a client that left before its answer."""


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
        # What was sent is not needed while the upstream answers, and may be large.
        del body
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
            place = self._cache.key(exchange.key_name or "", target.upstream.name, target.model, request.document)
            kept = await self._cache.get(place)
            if kept is not None:
                exchange.upstream = "cache"
                headers.append((b"x-ralex-cache", b"hit"))
                await self._finish(exchange, request, target, kept, session=session, headers=headers)
                return
            headers.append((b"x-ralex-cache", b"miss"))
        try:
            with DisconnectWatch(exchange, WATCH_AFTER_SECONDS):
                document = await target.upstream.complete(request, target.model)
        except ApiError as error:
            self._record(exchange, target, error.status, 0, 0)
            raise
        except Disconnected:
            self._record(exchange, target, CLIENT_GONE, 0, 0)
            raise
        except asyncio.CancelledError:
            self._record(exchange, target, 503, 0, 0)
            raise
        if place is not None:
            await self._cache.put(place, orjson.dumps(document))
        await self._finish(exchange, request, target, document, session=session, headers=headers)

    async def _finish(
        self,
        exchange: Exchange,
        request: ChatRequest,
        target: Target,
        document: dict[str, Any],
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
        self._record(exchange, target, 200, prompt, completion)
        if session is not None:
            answer = _message(document["choices"][0]) if document["choices"] else None
            await self._keep(exchange, session, request, answer)
        await exchange.respond(200, orjson.dumps(document), headers)

    async def _stream(self, exchange: Exchange, request: ChatRequest, target: Target, session: str | None) -> None:
        tally = StreamTally(request.include_usage, keep_text=session is not None)
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
            self._record(exchange, target, status, prompt, tally.completion)

    @staticmethod
    async def _relay(
        exchange: Exchange, request: ChatRequest, target: Target, tally: StreamTally, session: str | None
    ) -> None:
        async with aclosing(target.upstream.stream(request, target.model)) as chunks:
            async for chunk in chunks:
                if not exchange.begun:
                    # Only now: what fails before the first chunk is answered with a status of its own.
                    await exchange.begin_events([(b"x-ralex-session", session.encode())] if session else [])
                passed = tally.take(chunk)
                if passed is not None:
                    await exchange.event(orjson.dumps(passed))
        if not exchange.begun:
            raise server_error(
                502, "upstream_garbled", f"upstream {target.upstream.name} answered with an empty stream"
            )

    @staticmethod
    async def _fail(exchange: Exchange, error: ApiError) -> None:
        exchange.reason = error.code
        await exchange.event(error.body(), last=True)

    def _record(self, exchange: Exchange, target: Target, status: int, prompt: int, completion: int) -> None:
        from_cache = exchange.upstream == "cache"
        self._usage.add(
            Record(
                datetime.now(UTC),
                exchange.key_name or "",
                exchange.id,
                exchange.model or "",
                exchange.upstream or "",
                prompt,
                completion,
                FREE if from_cache else cost(target.price, prompt, completion),
                time.perf_counter() - exchange.started,
                status,
            )
        )


def prompt_estimate(request: ChatRequest) -> int:
    """About how many tokens the prompt has, for upstreams that do not say."""
    return sum(estimate(text_of(message)) for message in request.messages)


def _message(choice: Any) -> dict[str, Any]:
    message = choice.get("message") if isinstance(choice, dict) else None
    return {"role": "assistant", "content": None, **(message if isinstance(message, dict) else {})}
