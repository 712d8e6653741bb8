"""Servers that all tests share, and the bridge in its usual setting."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .support.authority import make_authority
from .support.bridge import Bridge
from .support.services import Postgres, Redis, Server, free_port

Make = Callable[..., Bridge]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the servers keep their files; readable by the user that Postgres runs as."""
    made = tmp_path_factory.mktemp("servers")
    for path in (made, *made.parents[:2]):
        path.chmod(0o755)
    return made


@pytest.fixture(scope="session")
def postgres(folder: Path) -> Iterator[Postgres]:
    """Postgres with the schema of this version."""
    server = Postgres(folder)
    server.start()
    Bridge(folder / "migration", database_url=server.url()).run("migrate").check_returncode()
    yield server
    server.end()


@pytest.fixture(scope="session")
def redis(folder: Path) -> Iterator[Redis]:
    """Redis, empty."""
    server = Redis(folder)
    server.start()
    yield server
    server.end()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a private authority's certificate and a server's, made by it."""
    return make_authority(tmp_path_factory.mktemp("authority"))


class UpstreamServer(Server):
    """The OpenAI-compatible server as a process."""

    @property
    def base_url(self) -> str:
        """What goes into the upstreams file."""
        return f"http://127.0.0.1:{self.port}/v1"

    def seen(self) -> Any:
        """What it was asked so far."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen") as response:
            return json.load(response)


@pytest.fixture(scope="session")
def upstream(folder: Path) -> Iterator[UpstreamServer]:
    """An upstream that misbehaves as its model's name says."""
    port = free_port()
    command = [sys.executable, "-m", "tests.support.upstream", str(port)]
    server = UpstreamServer(command, port, folder / "upstream.log", None)
    server.start()
    yield server
    server.end()


def _stop(bridge: Bridge) -> None:
    if bridge.process is not None:
        bridge.process.kill()
        bridge.process.wait(10)
        bridge.process = None


@pytest.fixture(scope="session")
def bridge(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, redis: Redis, upstream: UpstreamServer
) -> Iterator[Bridge]:
    """One bridge with everything there, for the tests that change nothing about it."""
    made = Bridge(
        tmp_path_factory.mktemp("shared"),
        {
            "RALEX_RATE_LIMIT_PER_MINUTE": "100000",
            "RALEX_UPSTREAM_TIMEOUT_SECONDS": "2",
            "RALEX_BODY_TIMEOUT_SECONDS": "1",
            "RALEX_MAX_BODY_BYTES": "65536",
        },
        database_url=postgres.url(),
        redis_url=redis.url,
    )
    prices = {"quick": {"prompt": 2, "completion": 10}}
    listed = [{"name": "echo", "kind": "echo"}, made.openai_upstream(upstream.base_url)]
    routes = [{"model": "alias-*", "upstream": "upstream", "target": "quick"}]
    made.upstreams = {"upstreams": listed, "routes": routes, "prices": prices}
    made.start()
    yield made
    _stop(made)


@pytest.fixture
def make_bridge(tmp_path: Path) -> Iterator[Make]:
    """Makes bridges of one's own, which are ended with the test."""
    made: list[Bridge] = []

    def make(environment: dict[str, str] | None = None, **parts: Any) -> Bridge:
        made.append(Bridge(tmp_path / f"bridge-{len(made)}", environment or {}, **parts))
        return made[-1]

    yield make
    for one in made:
        _stop(one)
