"""What each answered request leaves behind: one record of usage."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from .exchange import Exchange
from .routing import Target
from .usage import FREE, Record, UsageLog, cost

CLIENT_GONE = 499
"""nginx's status for a client that left before its answer."""


def record(
    usage: UsageLog, exchange: Exchange, target: Target, *, status: int, prompt: int = 0, completion: int = 0
) -> None:
    """Records one request with its tokens. An answer out of the cache costs nothing."""
    is_cached = exchange.upstream == "cache"
    usage.add(
        Record(
            datetime.now(UTC),
            exchange.key_name or "",
            exchange.id,
            exchange.model or "",
            exchange.upstream or "",
            prompt,
            completion,
            FREE if is_cached else cost(target.price, prompt, completion),
            time.perf_counter() - exchange.started,
            status,
        )
    )
