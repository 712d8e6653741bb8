"""An upstream that answers every chat with the same bytes, at next to no cost: ``fixed_upstream.py HOST PORT``.

It takes a few microseconds a request, so that on few cores the proxies in front of it are what is measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import cast

import uvloop

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
MODELS = {"object": "list", "data": [{"id": "quick", "object": "model", "created": 0, "owned_by": "bench"}]}
CHAT = json.dumps(
    {
        "id": "chatcmpl-upstream",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "quick",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "The answer is 42."}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }
).encode()


def answer(body: bytes) -> bytes:
    """A whole answer with 200."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


TO_POST = answer(CHAT)
TO_GET = answer(json.dumps(MODELS).encode())


class FixedAnswer(asyncio.Protocol):
    """One connection; requests are told apart by their lengths, and by GET (the list of models) or POST."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        # uvloop's transports do not inherit from the class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answers every request that has come whole."""
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self._held, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._held) < whole:
                return
            is_get = self._held.startswith(b"GET ")
            del self._held[:whole]
            if self._transport is not None:
                self._transport.write(TO_GET if is_get else TO_POST)


async def serve(host: str, port: int) -> None:
    """Serves for ever."""
    server = await asyncio.get_running_loop().create_server(FixedAnswer, host, port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1], int(sys.argv[2])))
