"""Which upstream answers a model: by the configured routes first, then by what the upstreams say they offer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .errors import ApiError
from .settings import Price, Routing
from .upstreams import Upstream

log = logging.getLogger("ralex.routing")

LIST_SECONDS = 60.0
"""How long the upstreams' lists of models are good for."""
UNKNOWN_SECONDS = 5.0
"""How often an unknown model may cause the upstreams to be asked again."""
WAIT_SECONDS = 1.0
MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the upstream, the model's name there, and its price."""

    upstream: Upstream
    model: str
    price: Price | None


class Router:
    """Finds targets. What was found is remembered, so that a request costs one look-up."""

    def __init__(self, routing: Routing, upstreams: Mapping[str, Upstream]) -> None:
        self._routes = routing.routes
        self._prices = routing.prices
        self._upstreams = upstreams
        self._lists: dict[str, list[str]] = {}
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._targets: dict[str, Target] = {}

    async def find(self, model: str) -> Target:
        """The target of a model.

        Raises:
            ApiError: status 404 for a model that no route and no upstream knows.
        """
        age = time.monotonic() - self._asked_at
        if age > LIST_SECONDS:
            self.refresh()
        target = self._targets.get(model) or self._by_route(model) or self._by_list(model)
        if target is None and age > UNKNOWN_SECONDS:
            await self._refreshed()
            target = self._by_list(model)
        if target is not None:
            if len(self._targets) >= MOST_REMEMBERED:
                self._targets.clear()
            self._targets[model] = target
            return target
        # An upstream that cannot be asked for its list may still know the model; it will say so itself.
        unlisted = next((name for name in self._upstreams if not self._lists.get(name)), None)
        if unlisted is not None:
            return self._target(unlisted, model, model)
        message = f"there is no model {model!r}; GET /v1/models lists what there is"
        raise ApiError(404, "model_not_found", message, param="model")

    async def models(self) -> list[tuple[str, str]]:
        """Ids of all models with their upstream, in the upstreams' order; routes that name one model come first."""
        if time.monotonic() - self._asked_at > UNKNOWN_SECONDS:
            await self._refreshed()
        found: dict[str, str] = {}
        for route in self._routes:
            if not any(character in route.model for character in "*?["):
                found.setdefault(route.model, route.upstream)
        for name in self._upstreams:
            for model in self._lists.get(name, ()):
                found.setdefault(model, name)
        return list(found.items())

    def _by_route(self, model: str) -> Target | None:
        for route in self._routes:
            if fnmatchcase(model, route.model):
                return self._target(route.upstream, model, route.target or model)
        return None

    def _by_list(self, model: str) -> Target | None:
        for name in self._upstreams:
            if _offers(self._lists.get(name, ()), model):
                return self._target(name, model, model)
        return None

    def _target(self, upstream: str, asked: str, model: str) -> Target:
        price = self._prices.get(asked) or self._prices.get(model)
        return Target(self._upstreams[upstream], model, price)

    async def _refreshed(self) -> None:
        """Waits for new lists, but not for an upstream that is slow to tell: what it offered last is in force then."""
        await asyncio.wait({self.refresh()}, timeout=WAIT_SECONDS)

    def refresh(self) -> asyncio.Task[None]:
        """Asks every upstream for its list, once for all who wait."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return self._asking

    async def _ask(self) -> None:
        try:
            names = list(self._upstreams)
            lists = await asyncio.gather(*(self._upstreams[name].models() for name in names))
            for name, models in zip(names, lists, strict=True):
                # A list that cannot be had now leaves the last one in force.
                if models:
                    self._lists[name] = models
            self._targets.clear()
        except Exception:
            log.exception("the upstreams' models could not be listed")
        finally:
            self._asked_at = time.monotonic()
            self._asking = None


def _offers(models: Iterable[str], model: str) -> bool:
    """Whether a list has a model; with or without a tag after a colon (Ollama's versions, OpenRouter's variants)."""
    base = model.partition(":")[0]
    return any(listed in (model, base) or listed.partition(":")[0] == model for listed in models)
