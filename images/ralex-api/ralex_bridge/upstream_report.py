"""What each configured upstream says to the question for its models, asked from where this runs."""

from __future__ import annotations

import asyncio
from typing import Any

from .settings import Configuration
from .upstreams import Upstream, catalog
from .upstreams.model_list import ListUnavailable

SECONDS = 5.0
"""How long an upstream may take; all are asked at once."""


async def report(configuration: Configuration) -> dict[str, Any]:
    """``{"upstreams": [{"name", "ok", "models", "detail"}]}``, in the upstreams' order and without any secret."""
    upstreams = catalog.create(configuration)
    try:
        return {"upstreams": await asyncio.gather(*(_ask(upstream) for upstream in upstreams.values()))}
    finally:
        await asyncio.gather(*(upstream.close() for upstream in upstreams.values()))


async def _ask(upstream: Upstream) -> dict[str, Any]:
    try:
        async with asyncio.timeout(SECONDS + 0.5):
            listed = await upstream.list_models(SECONDS)
    except ListUnavailable as error:
        return {"name": upstream.name, "ok": False, "models": 0, "detail": str(error)}
    except TimeoutError:
        return {"name": upstream.name, "ok": False, "models": 0, "detail": f"no answer within {SECONDS:g} s"}
    detail = f"{len(listed)} models" if listed else "it answers, and lists no model"
    return {"name": upstream.name, "ok": True, "models": len(listed), "detail": detail}
