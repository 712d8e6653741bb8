"""Embeddings: passed to an upstream and back, with the same limits and accounts as chat."""

from __future__ import annotations

import asyncio
from typing import Any

from .accounting import CLIENT_GONE, record
from .chat_request import parse_embeddings
from .errors import ApiError
from .exchange import Disconnected, DisconnectWatch, Exchange, encoded
from .routing import Router
from .tokens import estimate
from .usage import UsageLog, tokens

WATCH_AFTER_SECONDS = 0.25
"""As for chat: quicker answers are not worth a task that watches for the client's leaving."""


class Embeddings:
    """Answers requests for embeddings."""

    def __init__(self, router: Router, usage: UsageLog) -> None:
        self._router = router
        self._usage = usage

    async def handle(self, exchange: Exchange, body: bytes) -> None:
        """Answers one request of a caller that was let in."""
        request = parse_embeddings(body)
        exchange.model = request.model
        target = await self._router.find(request.model)
        exchange.upstream = target.upstream.name
        status = 503
        prompt = 0
        try:
            with DisconnectWatch(exchange, WATCH_AFTER_SECONDS):
                answer = await target.upstream.embed(request, target.model)
            reported = tokens(answer.document.get("usage"), "prompt_tokens")
            prompt = _estimate(request.document["input"]) if reported is None else reported
            status = 200
        except ApiError as error:
            status = error.status
            raise
        except Disconnected:
            status = CLIENT_GONE
            raise
        except asyncio.CancelledError:
            status = 503
            raise
        finally:
            record(self._usage, exchange, target, status=status, prompt=prompt)
        await exchange.respond(200, answer.body, encoded(answer.headers))


def _estimate(given: Any) -> int:
    """About how many tokens an input has: a text, texts, tokens or lists of tokens."""
    if isinstance(given, str):
        return estimate(given)
    return sum(1 if isinstance(one, int) else _estimate(one) for one in given if isinstance(one, (str, list, int)))
