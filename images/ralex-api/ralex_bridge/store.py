"""Redis, which may be away: then nothing waits for it, and a probe finds out when it is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, cast

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from .metrics import DEPENDENCY_UP

log = logging.getLogger("ralex.redis")

AWAY = (RedisError, OSError, TimeoutError)
ANSWER_SECONDS = 0.5
PROBE_SECONDS = 0.5
"""Pause between two questions whether Redis is back."""
MOST_CONNECTIONS = 16

COUNT = """
local totals = {}
for i, key in ipairs(KEYS) do
  totals[i] = redis.call('INCRBY', key, ARGV[i + 1])
  if totals[i] == tonumber(ARGV[i + 1]) then redis.call('EXPIRE', key, ARGV[1]) end
end
return totals
"""


class Store:
    """A connection pool with a breaker: after a failure nothing is asked until a probe is answered."""

    def __init__(self, url: SecretStr | None) -> None:
        self._client: Redis | None = None
        self._up = DEPENDENCY_UP.labels("redis")
        self._usable = False
        self._probe: asyncio.Task[None] | None = None
        self._waiting: dict[str, list[asyncio.Future[int | None]]] = {}
        self._sender: asyncio.Task[None] | None = None
        self._expire = 0
        if url is not None:
            pool = BlockingConnectionPool.from_url(
                url.get_secret_value(),
                max_connections=MOST_CONNECTIONS,
                timeout=ANSWER_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
            self._client = Redis(connection_pool=pool)
            self._count = self._client.register_script(COUNT)

    @property
    def configured(self) -> bool:
        """Whether the stack has a Redis at all."""
        return self._client is not None

    async def start(self) -> None:
        """Connects, waiting for at most the time that an answer may take; then goes on without."""
        if self._client is not None and not await self._answers():
            self._lose("no answer at start")

    async def _answers(self) -> bool:
        if self._client is None:
            return False
        try:
            await asyncio.wait_for(cast("Awaitable[Any]", self._client.ping()), ANSWER_SECONDS)
        except AWAY:
            return False
        self._usable = True
        self._up.set(1)
        return True

    def _lose(self, reason: str) -> None:
        self._usable = False
        self._up.set(0)
        if self._probe is None:
            log.warning("redis is away: limiting in this process, no cache", extra={"reason": reason})
            self._probe = asyncio.create_task(self._wait_for_return())

    async def _wait_for_return(self) -> None:
        while self._client is not None:
            await asyncio.sleep(PROBE_SECONDS)
            await self._client.connection_pool.disconnect(inuse_connections=False)
            if await self._answers():
                break
        self._probe = None
        log.warning("redis is back")

    async def _call(self, asked: Awaitable[Any]) -> Any:
        """The answer, or None while Redis is away."""
        try:
            return await asked
        except AWAY as error:
            self._lose(type(error).__name__)
            return None

    async def count(self, key: str, expire_seconds: int) -> int | None:
        """Adds one to a counter that ends some time after its first count; None while Redis is away.

        What arrives while an earlier question is on its way is asked together: one round trip for many requests,
        and each still gets the total of its own turn.
        """
        if not self._usable:
            return None
        future: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        self._expire = expire_seconds
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_counts())
        return await future

    async def _send_counts(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, {}
                counts = [len(futures) for futures in batch.values()]
                totals = None
                try:
                    totals = await self._call(self._count(keys=list(batch), args=[self._expire, *counts]))
                finally:
                    for position, futures in enumerate(batch.values()):
                        first = None if totals is None else totals[position] - len(futures) + 1
                        for turn, future in enumerate(futures):
                            if not future.done():
                                future.set_result(None if first is None else first + turn)
        finally:
            self._sender = None

    async def get(self, key: str) -> bytes | None:
        """A cached value."""
        if not self._usable or self._client is None:
            return None
        return cast("bytes | None", await self._call(self._client.get(key)))

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        """Caches a value; a failure is nobody's concern."""
        if self._usable and self._client is not None:
            await self._call(self._client.set(key, value, ex=seconds))

    async def state(self) -> str:
        """``up``, or ``degraded`` while Ralex does without; asked in earnest unless it is known to be away."""
        if self._usable and not await self._answers():
            self._lose("no answer to a readiness probe")
        return "up" if self._usable else "degraded"

    async def close(self) -> None:
        """Closes the connections."""
        if self._probe is not None:
            self._probe.cancel()
        if self._client is not None:
            await self._client.aclose()
            await self._client.connection_pool.disconnect()
