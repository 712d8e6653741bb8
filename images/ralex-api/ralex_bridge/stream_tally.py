"""What a stream adds up to while it passes through: its tokens and, for a session, its message."""

from __future__ import annotations

import math
from typing import Any

import orjson

from .stream_message import StreamMessage
from .tokens import CHARACTERS_A_TOKEN
from .upstreams import Chunk
from .usage import tokens

_ENVELOPE = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"})
"""Members of a chunk that say nothing by themselves."""


class StreamTally:
    """Looks at every chunk once on its way to the client."""

    def __init__(self, include_usage: bool, *, keep_message: bool) -> None:
        self._include_usage = include_usage
        self._message = StreamMessage() if keep_message else None
        self._head: dict[str, Any] = {}
        self._characters = 0
        self._reported: dict[str, Any] | None = None
        self.prompt: int | None = None
        self._completion: int | None = None

    @property
    def completion(self) -> int:
        """Tokens of the answer so far: what the upstream reported, or else an estimate."""
        return math.ceil(self._characters / CHARACTERS_A_TOKEN) if self._completion is None else self._completion

    def take(self, chunk: Chunk) -> bytes | None:
        """Notes a chunk; returns what the client gets of it. Usage comes in one chunk at the end, if asked for."""
        document, raw = chunk
        if not self._head:
            self._head = {name: document[name] for name in ("id", "created", "model") if name in document}
        usage = document.get("usage")
        if not isinstance(usage, dict):
            # Groq's own place for it.
            groq = document.get("x_groq")
            usage = groq.get("usage") if isinstance(groq, dict) else None
        if isinstance(usage, dict):
            self._note_usage(usage)
        choices = document.get("choices")
        if not choices or not isinstance(choices, list):
            # Azure tells what it filtered of the prompt in a chunk of its own.
            if isinstance(choices, list) and usage is None and not document.keys() <= _ENVELOPE:
                return raw or orjson.dumps(document)
            return None
        for choice in choices:
            delta = choice.get("delta") if isinstance(choice, dict) else None
            if isinstance(delta, dict):
                self._note(delta, is_first=not choice.get("index"))
        if self._include_usage:
            if raw is None or "usage" not in document or document["usage"] is not None:
                return orjson.dumps({**document, "usage": None})
            return raw
        if "usage" in document:
            return orjson.dumps({name: value for name, value in document.items() if name != "usage"})
        return raw or orjson.dumps(document)

    def _note_usage(self, usage: dict[str, Any]) -> None:
        """The last counts are in force: some upstreams report them with every chunk."""
        self._reported = usage
        prompt, completion = tokens(usage, "prompt_tokens"), tokens(usage, "completion_tokens")
        self.prompt = self.prompt if prompt is None else prompt
        self._completion = self._completion if completion is None else completion

    def _note(self, delta: dict[str, Any], *, is_first: bool) -> None:
        content = delta.get("content")
        if isinstance(content, str):
            self._characters += len(content)
        if self._message is not None and is_first:
            self._message.add(delta)

    def message(self) -> dict[str, Any]:
        """The answer as one message, where it is kept."""
        return (self._message or StreamMessage()).message()

    def usage_chunk(self, prompt_estimate: int) -> dict[str, Any]:
        """The chunk that ends a stream whose client asked for usage."""
        prompt = prompt_estimate if self.prompt is None else self.prompt
        usage = self._reported or {}
        counts = {
            "prompt_tokens": prompt,
            "completion_tokens": self.completion,
            "total_tokens": prompt + self.completion,
        }
        return {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": {**usage, **counts}}
