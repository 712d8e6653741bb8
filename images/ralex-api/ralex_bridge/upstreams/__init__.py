"""What every upstream offers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from ..chat_request import ChatRequest


class Upstream(Protocol):
    """Somewhere that answers. Every failure is an :class:`.errors.ApiError` without the upstream's own text."""

    name: str

    async def models(self) -> list[str]:
        """The ids of the models that it offers; empty when it cannot be asked now."""

    async def complete(self, request: ChatRequest, model: str) -> dict[str, Any]:
        """One whole answer, in the shape of OpenAI's chat completion."""

    def stream(self, request: ChatRequest, model: str) -> AsyncGenerator[dict[str, Any]]:
        """The answer in chunks, in the shape of OpenAI's chat completion chunks."""

    async def ready(self) -> bool:
        """Whether it would answer now."""

    async def close(self) -> None:
        """Gives back its connections."""
