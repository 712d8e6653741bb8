"""The built-in upstream: says what it was told. It lets a stack answer without an account, and tests be exact."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import AsyncGenerator
from typing import Any

from ..chat_request import ChatRequest, text_of
from ..tokens import estimate

MODEL = "echo"


class EchoUpstream:
    """Answers ``echo: `` and the last user message; the same request always gives the same text."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def models(self) -> list[str]:
        return [MODEL]

    async def complete(self, request: ChatRequest, model: str) -> dict[str, Any]:
        text = _answer(request)
        prompt = sum(estimate(text_of(message)) for message in request.messages)
        completion = estimate(text)
        return {
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

    async def stream(self, request: ChatRequest, model: str) -> AsyncGenerator[dict[str, Any]]:
        head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        text = _answer(request)
        yield {**head, "choices": [_choice({"role": "assistant", "content": ""})]}
        for word in re.findall(r"\S+\s*|\s+", text):
            yield {**head, "choices": [_choice({"content": word})]}
        yield {**head, "choices": [_choice({}, "stop")]}

    async def ready(self) -> bool:
        return True

    async def close(self) -> None:
        return None


def _choice(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _answer(request: ChatRequest) -> str:
    asked = next((text_of(message) for message in reversed(request.messages) if message["role"] == "user"), "")
    return f"echo: {asked}"
