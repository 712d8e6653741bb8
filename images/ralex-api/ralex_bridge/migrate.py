"""Brings the database to this version's schema: a step of its own, never part of a start."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import ssl
from importlib import resources
from time import monotonic

import asyncpg

log = logging.getLogger("ralex.migrate")

LOCK = 0x72616C6578
"""Key of the advisory lock that lets one migration run at a time: the letters of ralex."""
CONNECT_SECONDS = 60
"""How long a database that is just starting is waited for."""


BARRIER = re.compile(r"--\s*barrier\s*:", re.IGNORECASE)
"""First line of a migration that an older version of the bridge cannot work with: nothing rolls back across it."""


class MigrationError(Exception):
    """The database was not changed, or only by the migrations that the log names as done."""


def available() -> list[tuple[int, str, str]]:
    """The numbered migrations: version, name, SQL; in order and without a gap."""
    folder = resources.files(__package__).joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    found = [(int(file.name.split("_")[0]), file.name, file.read_text(encoding="utf-8")) for file in files]
    if [version for version, _, _ in found] != list(range(1, len(found) + 1)):
        raise MigrationError("the migrations are not numbered 1, 2, 3 …")
    return found


async def _connect(url: str) -> asyncpg.Connection:
    deadline = monotonic() + CONNECT_SECONDS
    while True:
        try:
            return await asyncpg.connect(url, timeout=5)
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            raise MigrationError("Postgres refused the user or password of RALEX_DATABASE_URL_FILE") from error
        except ssl.SSLCertVerificationError as error:
            raise MigrationError(f"the certificate of Postgres was refused: {error.verify_message}") from error
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError) as error:
            if monotonic() > deadline:
                raise MigrationError(f"Postgres did not answer for {CONNECT_SECONDS} s") from error
            log.info("waiting for Postgres")
            await asyncio.sleep(1)


async def migrate(url: str) -> int:
    """Applies what is missing, each migration in a transaction of its own.

    Returns:
        how many migrations were applied.

    Raises:
        MigrationError: a migration that was applied has changed since, or the database has one that this version
            does not know and that is marked as a barrier. Other unknown ones are left alone: they are what a newer
            version added before it was rolled back.
    """
    migrations = available()
    connection = await _connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            "version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,"
            " barrier boolean NOT NULL DEFAULT false, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        rows = await connection.fetch("SELECT * FROM schema_migrations")
        done = {row["version"]: row["sha256"] for row in rows}
        newer = {row["version"]: row["barrier"] for row in rows if row["version"] > len(migrations)}
        if barriers := [version for version, barrier in newer.items() if barrier]:
            raise MigrationError(
                f"the database is at version {max(newer)}, this image knows {len(migrations)} only, and version"
                f" {max(barriers)} is marked as a barrier: run the newer image, or restore a backup from before it"
            )
        if newer:
            log.warning("the database is at version %d, this image knows %d", max(newer), len(migrations))
        applied = 0
        for version, name, sql in migrations:
            digest = hashlib.sha256(sql.encode()).hexdigest()
            if version in done:
                if done[version] != digest:
                    raise MigrationError(f"{name} was applied in another form; write a new migration instead")
                continue
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (version, name, sha256, barrier) VALUES ($1, $2, $3, $4)",
                    *(version, name, digest, BARRIER.match(sql) is not None),
                )
            log.info("applied %s", name)
            applied += 1
        return applied
    finally:
        await connection.close()
