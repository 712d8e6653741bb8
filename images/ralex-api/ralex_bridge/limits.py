"""The rate limit shared by all replicas and the response cache. Without Redis each replica limits by itself."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import orjson

from .errors import ApiError
from .metrics import CACHE, LIMITED
from .store import Store

WINDOW = 60
"""Seconds of a window."""


class RateLimit:
    """Requests a minute and key, in fixed windows of the wall clock."""

    def __init__(self, redis: Store, per_minute: int) -> None:
        self._redis = redis
        self._per_minute = per_minute
        self._window = 0
        self._counts: dict[str, int] = {}

    async def spend(self, key_name: str) -> None:
        """Counts one request.

        Raises:
            ApiError: status 429 with ``Retry-After`` once the minute's requests are spent.
        """
        if self._per_minute == 0:
            return
        now = time.time()
        window = int(now // WINDOW)
        if window != self._window:
            self._window, self._counts = window, {}
        # Counted here too, so that the limit holds from the first request after Redis went away.
        own = self._counts.get(key_name, 0) + 1
        self._counts[key_name] = own
        if own <= self._per_minute:
            shared = await self._redis.count(f"ralex:rate:{key_name}:{window}", WINDOW + 5)
            if shared is None or shared <= self._per_minute:
                return
        LIMITED.inc()
        wait = str(WINDOW - int(now % WINDOW))
        message = f"more than {self._per_minute} requests this minute; try again in {wait} s"
        raise ApiError(429, "rate_limited", message, kind="rate_limit_error", headers={"Retry-After": wait})


class ResponseCache:
    """Whole answers by what was asked. Kept apart by key, so that no caller learns what another asked."""

    def __init__(self, redis: Store, ttl_seconds: int) -> None:
        self._redis = redis
        self._ttl = ttl_seconds

    @property
    def on(self) -> bool:
        """Whether answers are cached at all."""
        return self._ttl > 0 and self._redis.configured

    @staticmethod
    def key(key_name: str, upstream: str, model: str, body: bytes) -> str:
        """Name of an answer in Redis: a digest, so that no prompt stands in a key. A changed route changes it.

        Of the bytes that were sent: numbers that differ may be the same once they are read.
        """
        digest = hashlib.sha256(orjson.dumps([upstream, model]))
        digest.update(body)
        return f"ralex:answer:{key_name}:{digest.hexdigest()}"

    async def get(self, key: str) -> tuple[dict[str, Any], bytes] | None:
        """A cached answer, read and as it was kept."""
        kept = await self._redis.get(key)
        try:
            answer = None if kept is None else orjson.loads(kept)
        except orjson.JSONDecodeError:
            answer = None
        CACHE.labels("miss" if answer is None else "hit").inc()
        return (answer, kept) if isinstance(answer, dict) and kept is not None else None

    async def put(self, key: str, answer: bytes) -> None:
        """Keeps an answer's JSON."""
        await self._redis.put(key, answer, self._ttl)
