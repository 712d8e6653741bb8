"""Milliseconds until the first piece of text of a stream, one stream after the other on a kept connection.

The plan comes as JSON on standard input: ``url``, ``key``, ``model`` and ``count``; a list comes out.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp


def has_text(line: bytes) -> bool:
    """Whether a line of the stream carries text for the reader."""
    if not line.startswith(b"data: ") or line.strip() == b"data: [DONE]":
        return False
    return any(choice["delta"].get("content") for choice in json.loads(line[6:])["choices"])


async def measure(plan: dict[str, Any]) -> list[float]:
    """One number a stream. Each is read to its end before the next is asked for."""
    document = {
        "model": plan["model"],
        "stream": True,
        "messages": [{"role": "user", "content": "What is the answer?"}],
    }
    taken = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {plan['key']}"}) as session:
        for _ in range(plan["count"]):
            began = time.perf_counter()
            async with session.post(plan["url"], json=document) as response:
                if response.status != 200:
                    raise RuntimeError(f"answered {response.status}: {(await response.text())[:300]}")
                while not has_text(line := await response.content.readline()):
                    if not line:
                        raise RuntimeError("the stream ended without text")
                taken.append((time.perf_counter() - began) * 1000)
                await response.read()
    return taken


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(measure(json.load(sys.stdin)))) + "\n")
