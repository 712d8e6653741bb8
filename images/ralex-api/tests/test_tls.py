"""Postgres and Redis that somebody else runs: over TLS, with a certificate of an authority of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Make
from .support.authority import make_authority
from .support.bridge import Bridge
from .support.services import Postgres, Redis

PASSWORD = "a@b:c/d?e#f[g]%20+h i'j\"k\\é😀"
"""Of characters that mean something in a URL, or are none of it."""


@pytest.fixture(scope="module")
def postgres_over_tls(folder: Path, authority: Path) -> Iterator[Postgres]:
    """Postgres that lets in nobody without TLS."""
    (folder / "tls").mkdir()
    server = Postgres(folder / "tls", authority)
    server.start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def redis_over_tls(tmp_path_factory: pytest.TempPathFactory, authority: Path) -> Iterator[Redis]:
    """Redis that listens for TLS alone."""
    server = Redis(tmp_path_factory.mktemp("redis"), authority, PASSWORD)
    server.start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another authority, which certified nobody here."""
    return make_authority(tmp_path_factory.mktemp("stranger"))


def postgres_url(server: Postgres, authority: Path, mode: str = "verify-full") -> str:
    return f"{server.url()}?sslmode={mode}&sslrootcert={authority / 'ca.crt'}"


def redis_url(server: Redis, authority: Path) -> str:
    return f"{server.url}?ssl_ca_certs={authority / 'ca.crt'}"


def states(bridge: Bridge) -> list[str]:
    """What ``/ready`` says of Postgres and Redis."""
    dependencies = bridge.ask("GET", "/ready", key=None).json["dependencies"]
    return [dependencies[name]["state"] for name in ("postgres", "redis")]


def test_stores_are_used_over_tls_where_their_authority_is_given(
    make_bridge: Make, postgres_over_tls: Postgres, redis_over_tls: Redis, authority: Path
) -> None:
    bridge = make_bridge(
        database_url=postgres_url(postgres_over_tls, authority), redis_url=redis_url(redis_over_tls, authority)
    )
    assert bridge.run("migrate").returncode == 0
    bridge.start()
    assert states(bridge) == ["up", "up"]
    assert bridge.chat().status == 200


def test_a_certificate_of_another_authority_or_name_is_refused_and_told(
    make_bridge: Make, postgres_over_tls: Postgres, redis_over_tls: Redis, authority: Path, stranger: Path
) -> None:
    named = postgres_url(postgres_over_tls, authority).replace("127.0.0.1", "localhost")
    for url, reason in (
        (postgres_url(postgres_over_tls, stranger), "issuer certificate"),
        (named, "Hostname mismatch"),
    ):
        done = make_bridge(database_url=url).run("migrate")
        assert done.returncode == 1
        (problem,) = json.loads(done.stderr.decode().splitlines()[-1])["problems"]
        assert problem.startswith("the certificate of Postgres was refused: ")
        assert reason in problem
    refused = make_bridge(database_url=named, redis_url=redis_url(redis_over_tls, stranger))
    refused.start()
    assert states(refused) == ["down", "degraded"]
    # The authority's word without the name is enough for this mode.
    by_authority = postgres_url(postgres_over_tls, authority, "verify-ca").replace("127.0.0.1", "localhost")
    assert make_bridge(database_url=by_authority).run("migrate").returncode == 0


def test_encryption_without_a_certificate_is_possible_and_clear_text_is_refused_there(
    make_bridge: Make, postgres_over_tls: Postgres
) -> None:
    assert make_bridge(database_url=f"{postgres_over_tls.url()}?sslmode=require").run("migrate").returncode == 0
    done = make_bridge(database_url=f"{postgres_over_tls.url()}?sslmode=disable").run("migrate")
    assert done.returncode == 1
    assert b"Postgres refused the user or password" in done.stderr


@pytest.mark.parametrize(
    ("database", "redis", "problem"),
    [
        ("?sslmode=canary", "", "RALEX_DATABASE_URL_FILE: sslmode must be one of disable, allow"),
        ("?sslmode=verify-full", "", "RALEX_DATABASE_URL_FILE: sslmode verify-ca and verify-full need sslrootcert"),
        (
            "?sslmode=verify-ca&sslrootcert={0}/missing",
            "",
            "sslrootcert of RALEX_DATABASE_URL_FILE: {0}/missing cannot",
        ),
        ("?sslrootcert={0}/bad", "", "sslrootcert of RALEX_DATABASE_URL_FILE: {0}/bad must hold certificates in PEM"),
        ("", "?ssl_ca_certs={0}/bad", "ssl_ca_certs of RALEX_REDIS_URL_FILE: {0}/bad must hold certificates in PEM"),
    ],
)
def test_what_no_connection_could_be_made_with_is_a_problem_of_the_configuration(
    make_bridge: Make, tmp_path: Path, database: str, redis: str, problem: str
) -> None:
    (tmp_path / "bad").write_text("no certificate\n")
    bridge = make_bridge(
        database_url=f"postgresql://a:canary@db.example/a{database.format(tmp_path)}",
        redis_url=f"rediss://:canary@cache.example/0{redis.format(tmp_path)}",
    )
    for command in ("serve", "migrate") if database else ("serve",):
        done = bridge.run(command)
        assert done.returncode == 78
        (told,) = json.loads(done.stderr)["problems"]
        assert told.startswith(problem.format(tmp_path))
        assert "canary" not in told
