"""What every upstream offers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, NamedTuple, Protocol

from ..chat_request import ChatRequest, EmbeddingsRequest


class Answer(NamedTuple):
    """A whole answer."""

    document: dict[str, Any]
    body: bytes
    """Its JSON text, as it came where that is JSON."""
    headers: dict[str, str]
    """What the upstream says of its limits, for the client."""


class Chunk(NamedTuple):
    """A piece of an answer."""

    document: dict[str, Any]
    raw: bytes | None
    """Its JSON text as it came, or None where it has to be written anew."""


class Upstream(Protocol):
    """Somewhere that answers. Every failure is an :class:`.errors.ApiError` without the upstream's own text."""

    name: str

    async def models(self) -> list[str]:
        """The ids of the models that it offers; empty when it cannot be asked now."""

    async def list_models(self, seconds: float) -> list[str]:
        """The same, asked now and within a time.

        Raises:
            model_list.ListUnavailable: with the reason.
        """

    async def complete(self, request: ChatRequest, model: str) -> Answer:
        """One whole answer, in the shape of OpenAI's chat completion."""

    def stream(self, request: ChatRequest, model: str, heard: dict[str, str]) -> AsyncGenerator[Chunk]:
        """The answer in chunks, in the shape of OpenAI's chat completion chunks.

        Args:
            heard: gets what the upstream says of its limits, before the first chunk comes.
        """

    async def embed(self, request: EmbeddingsRequest, model: str) -> Answer:
        """Embeddings, in the shape of OpenAI's."""

    async def ready(self) -> bool:
        """Whether it would answer now."""

    async def close(self) -> None:
        """Gives back its connections."""
