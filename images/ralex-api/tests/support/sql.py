"""Queries from tests."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg


def fetch(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a query, on a connection of its own."""

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    return asyncio.run(ask())
