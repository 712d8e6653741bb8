"""What a stream adds up to while it passes through: its tokens and, for a session, its text."""

from __future__ import annotations

import math
from typing import Any

from .tokens import CHARACTERS_A_TOKEN
from .usage import tokens


class StreamTally:
    """Looks at every chunk once on its way to the client."""

    def __init__(self, include_usage: bool, *, keep_text: bool) -> None:
        self._include_usage = include_usage
        self._keep_text = keep_text
        self._head: dict[str, Any] = {}
        self._text: list[str] = []
        self._tools: dict[int, dict[str, Any]] = {}
        self._characters = 0
        self._reported: dict[str, Any] | None = None
        self.prompt: int | None = None
        self._completion: int | None = None

    @property
    def completion(self) -> int:
        """Tokens of the answer so far: what the upstream reported, or else an estimate."""
        return math.ceil(self._characters / CHARACTERS_A_TOKEN) if self._completion is None else self._completion

    def take(self, chunk: dict[str, Any]) -> dict[str, Any] | None:
        """Notes a chunk; returns what the client gets of it. Usage comes in one chunk at the end, if asked for."""
        if not self._head:
            self._head = {name: chunk[name] for name in ("id", "created", "model") if name in chunk}
        reported = chunk.get("usage")
        if isinstance(reported, dict):
            self._reported = reported
            self.prompt = tokens(reported, "prompt_tokens")
            self._completion = tokens(reported, "completion_tokens")
        for choice in chunk["choices"]:
            delta = choice.get("delta") if isinstance(choice, dict) else None
            if isinstance(delta, dict):
                self._note(delta, choice.get("index", 0) == 0)
        if not chunk["choices"]:
            return None
        if self._include_usage:
            return {**chunk, "usage": None}
        if "usage" in chunk:
            return {name: value for name, value in chunk.items() if name != "usage"}
        return chunk

    def _note(self, delta: dict[str, Any], first_choice: bool) -> None:
        content = delta.get("content")
        if isinstance(content, str):
            self._characters += len(content)
            if self._keep_text and first_choice:
                self._text.append(content)
        calls = delta.get("tool_calls")
        if self._keep_text and first_choice and isinstance(calls, list):
            for call in calls:
                self._note_tool(call)

    def _note_tool(self, call: Any) -> None:
        """Tool calls come in pieces: the name first, the arguments as text in parts."""
        index = call.get("index") if isinstance(call, dict) else None
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(index, int) or not isinstance(function, dict):
            return
        kept = self._tools.setdefault(
            index, {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
        )
        kept["id"] = call.get("id") or kept["id"]
        for part in ("name", "arguments"):
            if isinstance(function.get(part), str):
                kept["function"][part] += function[part]

    def message(self) -> dict[str, Any]:
        """The answer as one message."""
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._text)}
        if self._tools:
            message["tool_calls"] = [self._tools[index] for index in sorted(self._tools)]
        return message

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
