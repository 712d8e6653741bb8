"""Usage: recorded in memory, written in batches, never more than a second behind."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import asyncpg

from .database import Database
from .errors import ApiError
from .metrics import USAGE_DROPPED, USAGE_PENDING, count_tokens
from .settings import Price

log = logging.getLogger("ralex.usage")

MOST_PENDING = 100_000
"""About 50 MB. Beyond it the oldest records are dropped and counted, so that a lost database costs no memory."""
MOST_TOKENS = 2**31 - 1
"""The columns are 32 bits wide; an upstream that reports more is wrong."""
FREE = Decimal(0)


class Record(NamedTuple):
    """One answered request; the fields are the columns of ``usage``. A tuple, so that writing copies nothing."""

    at: datetime
    key_name: str
    request_id: str
    model: str
    upstream: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal
    seconds: float
    status: int


def tokens(reported: Any, name: str) -> int | None:
    """A token count out of an upstream's ``usage`` object, or None where it reports none that makes sense."""
    value = reported.get(name) if isinstance(reported, dict) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def cost(price: Price | None, prompt_tokens: int, completion_tokens: int) -> Decimal:
    """US dollars of an answer; 0 for a model without a price."""
    if price is None:
        return FREE
    return (price.prompt * prompt_tokens + price.completion * completion_tokens) / 1_000_000


class UsageLog:
    """Collects records and writes them every ``flush_seconds``; a kill loses at most that much."""

    def __init__(self, database: Database, flush_seconds: float) -> None:
        self._database = database
        self._flush_seconds = flush_seconds
        self._pending: list[Record] = []
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to write in the background."""
        if self._database.configured:
            self._task = asyncio.create_task(self._run())

    def add(self, record: Record) -> None:
        """Takes a record. Costs no waiting."""
        count_tokens(record.model, record.prompt_tokens, record.completion_tokens, answered=record.status == 200)
        if self._database.configured:
            self._pending.append(record)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._flush_seconds)
            try:
                await self.flush()
            except Exception:
                log.exception("usage could not be written")

    async def flush(self) -> bool:
        """Writes what is pending; returns whether all of it is in Postgres. What failed stays pending."""
        async with self._writing:
            batch, self._pending = self._pending, []
            if batch:
                try:
                    await self._write(batch)
                except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
                    await self._write_one_by_one(batch)
                except ApiError:
                    self._keep(batch)
                except BaseException:
                    self._keep(batch)
                    raise
            USAGE_PENDING.set(len(self._pending))
            return not self._pending

    async def _write(self, batch: list[Record]) -> None:
        async with self._database.connection() as connection:
            await connection.copy_records_to_table("usage", records=batch, columns=Record._fields)

    async def _write_one_by_one(self, batch: list[Record]) -> None:
        """So that one record that Postgres refuses does not hold up the others for ever."""
        for position, record in enumerate(batch):
            try:
                await self._write([record])
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
                USAGE_DROPPED.inc()
                log.error("a usage record was refused", extra={"reason": type(error).__name__})
            except BaseException:
                self._keep(batch[position:])
                raise

    def _keep(self, batch: list[Record]) -> None:
        kept = batch + self._pending
        USAGE_DROPPED.inc(max(0, len(kept) - MOST_PENDING))
        self._pending = kept[-MOST_PENDING:]

    async def close(self, seconds: float) -> None:
        """Stops and writes the rest, trying for at most ``seconds``."""
        if self._task is None:
            return
        # Under the lock, so that no write is cut off of which nobody could tell whether it was committed.
        async with self._writing:
            self._task.cancel()
        try:
            async with asyncio.timeout(seconds):
                while not await self.flush():  # noqa: ASYNC110 - the flush itself is the question
                    await asyncio.sleep(0.2)
        except TimeoutError:
            log.error("usage records lost: %d", len(self._pending))
