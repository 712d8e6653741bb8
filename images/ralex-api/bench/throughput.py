"""Measures the bridge on this machine: ``python -m bench.throughput`` (needs wrk, postgresql-15, redis-server).

One worker, non-streaming chat, API key, rate limit in Redis and usage in Postgres on, response cache off,
16 connections; the upstream, the stores and the load share the machine. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from tests.support.bridge import KEY, ROOT, Bridge
from tests.support.services import Postgres, Redis, Server, free_port, wait_until

CONNECTIONS = 16
SECONDS = 8
STREAMS = 200
WRK = """
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer %s"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"quick","messages":[{"role":"user","content":"What is the answer?"}]}'
"""


def load(folder: Path, url: str, seconds: int = SECONDS) -> dict[str, float]:
    """Requests a second and latencies in milliseconds, by wrk."""
    script = folder / "wrk.lua"
    script.write_text(WRK % KEY)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    found = {"requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])}  # type: ignore[index]
    for name in ("50%", "99%"):
        value, unit = re.search(rf"{name}\s+([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
        found[f"p{name[:2]}_ms"] = float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return found


async def first_tokens(url: str, count: int) -> list[float]:
    """Milliseconds until the first piece of a stream, one after the other on a kept connection."""
    document = {"model": "quick", "stream": True, "messages": [{"role": "user", "content": "What is the answer?"}]}
    taken = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
        for _ in range(count):
            began = time.perf_counter()
            async with session.post(url, json=document) as response:
                await response.content.readline()
                taken.append((time.perf_counter() - began) * 1000)
                await response.read()
    return taken


def memory(pid: int) -> float:
    """Resident MB of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Starts everything, measures, stops everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        port = free_port()
        upstream = Server([sys.executable, "-m", "tests.support.upstream", str(port)], port, folder / "up.log", None)
        services = [upstream, Postgres(folder), Redis(folder)]
        bridge = Bridge(folder / "bridge", {"RALEX_RATE_LIMIT_PER_MINUTE": "100000000"})
        try:
            for service in services:
                service.start()
            _, postgres, redis = services
            bridge.database_url = postgres.url()  # type: ignore[attr-defined]
            bridge.redis_url = redis.url  # type: ignore[attr-defined]
            own = f"http://127.0.0.1:{port}/v1"
            bridge.upstreams = {"upstreams": [bridge.openai_upstream(own)]}
            bridge.run("migrate").check_returncode()
            began = time.perf_counter()
            bridge.start()
            wait_until(lambda: bridge.is_answered("/ready"), 10, "the bridge is ready")
            ready = time.perf_counter() - began
            path = f"http://127.0.0.1:{bridge.port}/v1/chat/completions"
            load(folder, path, 2)
            assert bridge.process is not None
            used = processor(bridge.process.pid)
            through = load(folder, path)
            # On a busy machine this stays what it is while the rate falls.
            spent = processor(bridge.process.pid) - used
            through["processor_us_per_request"] = spent / (through["requests_per_second"] * SECONDS) * 1e6
            result = {"bridge": through, "upstream_alone": load(folder, f"{own}/chat/completions", 4)}
            pairs = [
                (
                    statistics.median(asyncio.run(first_tokens(path, STREAMS))),
                    statistics.median(asyncio.run(first_tokens(f"{own}/chat/completions", STREAMS))),
                )
                for _ in range(3)
            ]
            rest = {
                "first_token_over_upstream_ms": statistics.median(bridged - alone for bridged, alone in pairs),
                "resident_mb": memory(bridge.process.pid),
                "start_to_ready_s": ready,
                "cpu_count": len(Path("/proc/cpuinfo").read_text().split("processor\t")) - 1,
            }
            sys.stdout.write(json.dumps({**result, **rest, "package": str(ROOT)}, indent=2) + "\n")
        finally:
            if bridge.process is not None:
                bridge.end()
            for service in services:
                service.end()


if __name__ == "__main__":
    main()
