"""The built-in upstream: says what it was told. It lets a stack answer without an account, and tests be exact."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import AsyncGenerator
from typing import Any

import orjson

from ..chat_request import ChatRequest, EmbeddingsRequest, text_of
from ..errors import ApiError
from ..tokens import estimate
from . import Answer, Chunk

MODEL = "echo"


class EchoUpstream:
    """Answers ``echo: `` and the last user message; the same request always gives the same text."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def models(self) -> list[str]:
        return [MODEL]

    async def list_models(self, seconds: float) -> list[str]:
        return [MODEL]

    async def complete(self, request: ChatRequest, model: str) -> Answer:
        text = _answer(request)
        prompt = sum(estimate(text_of(message)) for message in request.messages)
        completion = estimate(text)
        document = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"},
            ],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            },
        }
        return Answer(document, orjson.dumps(document), {})

    async def embed(self, request: EmbeddingsRequest, model: str) -> Answer:
        message = f"upstream {self.name} makes no embeddings; ask for a model of an upstream that does"
        raise ApiError(400, "unsupported_model", message, param="model")

    async def stream(self, request: ChatRequest, model: str, heard: dict[str, str]) -> AsyncGenerator[Chunk]:
        head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        text = _answer(request)
        yield Chunk({**head, "choices": [_choice({"role": "assistant", "content": ""})]}, None)
        for word in re.findall(r"\S+\s*|\s+", text):
            yield Chunk({**head, "choices": [_choice({"content": word})]}, None)
        yield Chunk({**head, "choices": [_choice({}, "stop")]}, None)

    async def ready(self) -> bool:
        return True

    async def close(self) -> None:
        return None


def _choice(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _answer(request: ChatRequest) -> str:
    asked = next((text_of(message) for message in reversed(request.messages) if message["role"] == "user"), "")
    return f"echo: {asked}"
