"""Whether this process can do its work: the state of everything that it depends on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from .database import Database
from .metrics import DEPENDENCY_UP
from .store import Store
from .upstreams import Upstream

UPSTREAM_SECONDS = 5.0
"""How long an upstream's good answer is believed, so that probes of many replicas do not become load."""

OPTIONAL_SECONDS = 0.5
"""How long an upstream that is not required may hold up the answer."""


class Readiness:
    """Asks the dependencies. Only a required one that is away makes the process not ready."""

    def __init__(
        self, required: frozenset[str], database: Database, redis: Store, upstreams: Iterable[Upstream]
    ) -> None:
        self._required = required
        self._database = database
        self._redis = redis
        self._upstreams = list(upstreams)
        self._believed_until: dict[str, float] = {}

    async def check(self) -> tuple[bool, dict[str, object]]:
        """Whether all that is required is up, and each dependency's state."""
        states = dict(
            await asyncio.gather(
                self._state("postgres", self._database), self._state("redis", self._redis), self._upstream_states()
            )
        )
        needed = {name for name in self._required if states[name] != "absent"}
        ready = all(states[name] == "up" for name in needed)
        return ready, {
            name: {"state": states[name], "required": name in needed} for name in ("postgres", "redis", "upstream")
        }

    @staticmethod
    async def _state(name: str, dependency: Database | Store) -> tuple[str, str]:
        return name, await dependency.state() if dependency.configured else "absent"

    async def _upstream_states(self) -> tuple[str, str]:
        """Up if the default upstream, the first, would answer; the others are asked only through their own calls."""
        default = self._upstreams[0]
        if time.monotonic() < self._believed_until.get(default.name, 0.0):
            return "upstream", "up"
        try:
            up = await asyncio.wait_for(default.ready(), None if "upstream" in self._required else OPTIONAL_SECONDS)
        except TimeoutError:
            up = False
        DEPENDENCY_UP.labels("upstream").set(1 if up else 0)
        if up:
            self._believed_until[default.name] = time.monotonic() + UPSTREAM_SECONDS
        return "upstream", "up" if up else "down"
