"""Which upstream a model goes to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import pytest

from ralex_bridge import routing
from ralex_bridge.chat_request import ChatRequest, EmbeddingsRequest
from ralex_bridge.errors import ApiError
from ralex_bridge.routing import Router
from ralex_bridge.settings import Routing
from ralex_bridge.upstreams import Answer, Chunk


class Listing:
    """An upstream that only tells what it offers."""

    def __init__(self, name: str, *models: str) -> None:
        self.name = name
        self.offers = list(models)
        self.asked = 0

    async def models(self) -> list[str]:
        self.asked += 1
        return self.offers

    async def list_models(self, seconds: float) -> list[str]:
        return self.offers

    async def complete(self, request: ChatRequest, model: str) -> Answer:
        raise NotImplementedError

    async def embed(self, request: EmbeddingsRequest, model: str) -> Answer:
        raise NotImplementedError

    async def stream(self, request: ChatRequest, model: str, heard: dict[str, str]) -> AsyncGenerator[Chunk]:
        raise NotImplementedError
        yield Chunk({}, None)

    async def ready(self) -> bool:
        return True

    async def close(self) -> None:
        return None


def router(*upstreams: Listing, **parts: Any) -> Router:
    """A router over these upstreams, with routes and prices."""
    entries = [{"name": one.name, "kind": "openai", "base_url": "http://x/v1"} for one in upstreams]
    configured = Routing.model_validate({"upstreams": entries, **parts})
    return Router(configured, {one.name: one for one in upstreams})


async def where(chosen: Router, model: str) -> tuple[str, str]:
    """Upstream and model of a target."""
    target = await chosen.find(model)
    return target.upstream.name, target.model


async def test_the_first_upstream_that_lists_a_model_gets_it() -> None:
    chosen = router(Listing("one", "a", "b"), Listing("two", "b", "c"))
    assert [await where(chosen, model) for model in "abc"] == [("one", "a"), ("one", "b"), ("two", "c")]
    assert await chosen.models() == [("a", "one"), ("b", "one"), ("c", "two")]


async def test_the_first_route_that_matches_wins_over_every_list() -> None:
    routes = [
        {"model": "gpt-*", "upstream": "two", "target": "local"},
        {"model": "gpt-4", "upstream": "one"},
        {"model": "fixed", "upstream": "one"},
    ]
    chosen = router(Listing("one", "gpt-4"), Listing("two", "c"), routes=routes)
    assert await where(chosen, "gpt-4") == ("two", "local")
    assert await where(chosen, "fixed") == ("one", "fixed")
    # A pattern is no model, a plain name is one.
    assert [model for model, _ in await chosen.models()] == ["gpt-4", "fixed", "c"]


@pytest.mark.parametrize(
    ("listed", "asked"), [("llama3:latest", "llama3"), ("z/model", "z/model:free"), ("llama3:8b", "llama3:8b")]
)
async def test_a_tag_may_be_left_out_or_added(listed: str, asked: str) -> None:
    assert await where(router(Listing("one", "x"), Listing("two", listed)), asked) == ("two", asked)


async def test_another_tag_is_another_model() -> None:
    with pytest.raises(ApiError) as refused:
        await router(Listing("one", "llama3:8b")).find("llama3:70b")
    assert refused.value.status == 404


async def test_an_upstream_without_a_list_is_tried_with_what_nobody_lists() -> None:
    assert await where(router(Listing("one", "a"), Listing("two")), "b") == ("two", "b")


async def test_unknown_models_ask_the_upstreams_again_but_not_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = Listing("one", "a")
    chosen = router(upstream)
    for number in range(5):
        with pytest.raises(ApiError) as refused:
            await chosen.find(f"unknown-{number}")
        assert refused.value.status == 404
    assert upstream.asked == 1
    upstream.offers.append("new")
    monkeypatch.setattr(routing, "UNKNOWN_SECONDS", 0.0)
    assert await where(chosen, "new") == ("one", "new")


async def test_a_list_that_cannot_be_had_leaves_the_last_one_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = Listing("one", "a")
    chosen = router(upstream, Listing("two", "b"))
    await chosen.models()
    upstream.offers = []
    monkeypatch.setattr(routing, "UNKNOWN_SECONDS", 0.0)
    assert await chosen.models() == [("a", "one"), ("b", "two")]


async def test_a_price_is_found_by_the_name_asked_for_or_the_name_at_the_upstream() -> None:
    routes = [{"model": "alias", "upstream": "one", "target": "a"}]
    prices = {"a": {"prompt": "1.5", "completion": 0}}
    chosen = router(Listing("one", "a", "b"), routes=routes, prices=prices)
    found = [(await chosen.find(model)).price for model in ("a", "alias", "b")]
    assert [price.prompt if price else None for price in found] == [Decimal("1.5"), Decimal("1.5"), None]
