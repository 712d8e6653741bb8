"""Postgres, which may be away: then what needs it says so, and the rest goes on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from pydantic import SecretStr

from .errors import ApiError, server_error
from .metrics import DEPENDENCY_UP
from .migrate import available

log = logging.getLogger("ralex.postgres")

ACQUIRE_SECONDS = 3.0
RETRY_SECONDS = 1.0
"""How long Postgres is left alone after it failed, so that its absence makes no request wait."""
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""What asyncpg raises while the server is gone, starting, shutting down, full, or has another password."""


class Database:
    """A pool that is made when first needed and heals by itself after the server was away."""

    def __init__(self, url: SecretStr | None) -> None:
        self._url = url
        self._pool: asyncpg.Pool[Any] | None = None
        self._making = asyncio.Lock()
        self._away_until = 0.0
        self._up = DEPENDENCY_UP.labels("postgres")
        self._schema = len(available())

    @property
    def configured(self) -> bool:
        """Whether the stack has a database at all."""
        return self._url is not None

    async def _get_pool(self) -> asyncpg.Pool[Any]:
        if self._pool is not None:
            return self._pool
        if self._url is None:
            raise server_error(503, "sessions_unavailable", "this Ralex runs without a database")
        async with self._making:
            if self._pool is None:
                if time.monotonic() < self._away_until:
                    raise _unavailable()
                self._pool = await asyncpg.create_pool(
                    self._url.get_secret_value(), min_size=1, max_size=8, timeout=ACQUIRE_SECONDS, command_timeout=10
                )
            return self._pool

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy[Any]]:
        """A connection in a transaction, committed when the block ends.

        Raises:
            ApiError: status 503 while Postgres is away.
        """
        if time.monotonic() < self._away_until:
            raise _unavailable()
        try:
            pool = await self._get_pool()
            async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
                yield connection
        except AWAY as error:
            if self._away_until == 0.0:
                log.warning("postgres is away", extra={"reason": type(error).__name__})
            self._away_until = time.monotonic() + RETRY_SECONDS
            self._up.set(0)
            if self._pool is not None:
                # Otherwise each broken connection that is left would fail once more, with a pause after each.
                await self._pool.expire_connections()
            raise _unavailable() from None
        if self._away_until:
            log.warning("postgres is back")
            self._away_until = 0.0
        self._up.set(1)

    async def state(self) -> str:
        """``up``, ``down``, or ``unmigrated`` where the schema is older than this version's; asked in earnest."""
        try:
            async with self.connection() as connection:
                version = await connection.fetchval("SELECT max(version) FROM schema_migrations")
        except asyncpg.UndefinedTableError:
            return "unmigrated"
        except (ApiError, asyncpg.PostgresError):
            return "down"
        return "up" if (version or 0) >= self._schema else "unmigrated"

    async def close(self) -> None:
        """Closes the pool; connections that hang are cut."""
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), 2)
        except AWAY:
            self._pool.terminate()


def _unavailable() -> ApiError:
    message = "the database is away, so this was not confirmed as written; try again in a moment"
    return server_error(503, "database_unavailable", message, headers={"Retry-After": "2"})
