"""Sends chats at a constant rate, whatever the answers do, and measures each from the moment it was due.

A request is sent when its turn comes, on a new connection where all are busy, so a server that stalls delays nothing
of the schedule; time that a request waited for its turn counts (no coordinated omission). Timers have a resolution
of about 1 ms, which counts too. The plan comes as JSON on standard input: ``url``, ``key``, ``model``, ``rate``
(requests a second), ``warm_up`` and ``seconds``; what was due in the warm-up is sent and not counted.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from typing import Any

import aiohttp

GIVE_UP_SECONDS = 60


def percentile(ordered: list[float], share: float) -> float:
    """Nearest-rank percentile of a sorted list."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: list[float]) -> float:
    """Nearest-rank median."""
    return percentile(sorted(values), 0.5)


async def send(plan: dict[str, Any]) -> list[float]:
    """Milliseconds of every counted request, in the order of their turns."""
    loop = asyncio.get_running_loop()
    body = {"model": plan["model"], "messages": [{"role": "user", "content": "What is the answer?"}]}
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=GIVE_UP_SECONDS)
    headers = {"Authorization": f"Bearer {plan['key']}"}
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers) as session:

        async def one(due: float) -> float:
            async with session.post(plan["url"], json=body) as response:
                text = await response.text()
                if response.status != 200:
                    raise RuntimeError(f"answered {response.status}: {text[:300]}")
            return (loop.time() - due) * 1000

        rate = plan["rate"]
        begin = loop.time() + 0.2
        tasks = []
        async with asyncio.TaskGroup() as group:
            for turn in range(round(rate * (plan["warm_up"] + plan["seconds"]))):
                due = begin + turn / rate
                if (delay := due - loop.time()) > 0:
                    await asyncio.sleep(delay)
                tasks.append(group.create_task(one(due)))
    return [task.result() for task in tasks[round(rate * plan["warm_up"]) :]]


def main() -> None:
    """Runs the plan and prints what it measured."""
    taken = asyncio.run(send(json.load(sys.stdin)))
    ordered = sorted(taken)
    fifth = max(1, len(taken) // 5)
    result = {
        "count": len(taken),
        "p50_ms": percentile(ordered, 0.5),
        "p99_ms": percentile(ordered, 0.99),
        # A server that cannot hold the rate has ever more waiting, so its last answers take the longest.
        "last_fifth_ms": median(taken[-fifth:]),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
