"""Sessions: conversations kept in Postgres. Whatever is acknowledged here has been committed."""

from __future__ import annotations

import uuid
from typing import Any

import asyncpg
import orjson

from .database import Database
from .errors import ApiError

MOST_MESSAGES = 1000
"""Messages in one answer or one write."""
MOST_PAGE_BYTES = 8 * 1024 * 1024
"""JSON of the messages in one answer. Reading a page takes a few times as much memory, of 256 MiB in all."""

PAGE = """
WITH RECURSIVE page AS (
    SELECT $2::integer AS position, NULL::timestamptz AS created_at, NULL::json AS message,
        0 AS number, 0::bigint AS bytes
    UNION ALL
    SELECT next.position, next.created_at, next.message, number + 1, bytes + octet_length(next.message::text)
    FROM page, LATERAL (
        SELECT position, created_at, message FROM session_messages
        WHERE session_id = $1 AND position > page.position ORDER BY position LIMIT 1
    ) AS next
    WHERE number < $3 AND (number = 0 OR bytes + octet_length(next.message::text) <= $4)
)
SELECT position, created_at, message FROM page WHERE number > 0 ORDER BY position
"""
"""Goes from message to message, so that nothing beyond the page is read: to measure a message is to read it whole."""


class Sessions:
    """Reads and writes the sessions of one key; another key's session does not exist for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, key_name: str, title: str) -> dict[str, Any]:
        """Makes a session."""
        async with self._database.connection() as connection:
            (row,) = await connection.fetch(
                "INSERT INTO sessions (id, key_name, title) VALUES ($1, $2, $3) RETURNING *",
                *(uuid.uuid4(), key_name, title),
            )
        return _session(row)

    async def latest(self, key_name: str, limit: int) -> list[dict[str, Any]]:
        """The sessions that were written to last, newest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT * FROM sessions WHERE key_name = $1 ORDER BY updated_at DESC, id LIMIT $2", key_name, limit
            )
        return [_session(row) for row in rows]

    async def get(self, key_name: str, session: str) -> dict[str, Any]:
        """One session.

        Raises:
            ApiError: status 404.
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                "SELECT * FROM sessions WHERE id = $1 AND key_name = $2", _id(session), key_name
            )
        if row is None:
            raise _missing()
        return _session(row)

    async def delete(self, key_name: str, session: str) -> None:
        """Removes a session with its messages.

        Raises:
            ApiError: status 404.
        """
        async with self._database.connection() as connection:
            done = await connection.execute(
                "DELETE FROM sessions WHERE id = $1 AND key_name = $2", _id(session), key_name
            )
        if done == "DELETE 0":
            raise _missing()

    async def append(self, key_name: str, session: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Adds messages at the end; all of them or none.

        Raises:
            ApiError: status 404.
        """
        number = _id(session)
        async with self._database.connection() as connection:
            # The row's lock makes writers of one session take turns, so that positions have neither gap nor double.
            found = await connection.fetchval(
                "UPDATE sessions SET updated_at = now() WHERE id = $1 AND key_name = $2 RETURNING id", number, key_name
            )
            if found is None:
                raise _missing()
            rows = await connection.fetch(
                "INSERT INTO session_messages (session_id, position, role, message)"
                " SELECT $1, (SELECT coalesce(max(position), 0) FROM session_messages WHERE session_id = $1) + n,"
                " role, message FROM unnest($2::text[], $3::json[]) WITH ORDINALITY AS given (role, message, n)"
                " RETURNING *",
                *(number, [message["role"] for message in messages]),
                [orjson.dumps(message).decode() for message in messages],
            )
        return [_message(row) for row in sorted(rows, key=lambda row: int(row["position"]))]

    async def messages(self, key_name: str, session: str, after: int, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """A page of messages in order, and whether there are more behind it.

        Args:
            after: position that the page begins behind; 0 is the beginning.
            limit: most messages; fewer come where they have more than ``MOST_PAGE_BYTES``, but always one.

        Raises:
            ApiError: status 404.
        """
        await self.get(key_name, session)
        number = _id(session)
        async with self._database.connection() as connection:
            rows = await connection.fetch(PAGE, number, after, limit, MOST_PAGE_BYTES)
            has_more = await connection.fetchval(
                "SELECT EXISTS (SELECT FROM session_messages WHERE session_id = $1 AND position > $2)",
                *(number, rows[-1]["position"] if rows else after),
            )
        return [_message(row) for row in rows], has_more


def new_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a request adds to a conversation: the messages after the last answer. Earlier ones are known already."""
    last = max((index for index, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
    return messages[last + 1 :]


def _id(session: str) -> uuid.UUID:
    try:
        return uuid.UUID(session)
    except ValueError:
        raise _missing() from None


def _missing() -> ApiError:
    return ApiError(404, "session_not_found", "there is no such session; POST /v1/sessions makes one")


def _session(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "object": "session",
        "title": row["title"],
        "created_at": int(row["created_at"].timestamp()),
        "updated_at": int(row["updated_at"].timestamp()),
    }


def _message(row: asyncpg.Record) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(row["message"])
    return {"position": row["position"], "created_at": int(row["created_at"].timestamp()), "message": message}
