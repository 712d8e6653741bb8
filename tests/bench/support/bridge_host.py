"""Runs the bridge natively with private stores and an upstream, and does what it is told on standard input.

Run in ``images/ralex-api``, with that folder in ``PYTHONPATH``: ``bridge_host.py fixed|streaming``. Every line that
comes in (``restart``, ``state``) is answered by one JSON object on standard output; the end of the input ends it all.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.support.bridge import KEY, Bridge
from tests.support.services import Postgres, Redis, Server, free_port, wait_until
from tests.support.sql import fetch

READY_WITHIN = 20.0


def resident(pid: int) -> float:
    """Resident MB (10^6 bytes) of a process and all that it started."""
    status = Path(f"/proc/{pid}/status").read_text()
    if (found := re.search(r"VmRSS:\s+(\d+) kB", status)) is None:
        raise RuntimeError(f"the process {pid} has ended")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[1]) * 1024 / 1e6 + sum(resident(int(child)) for child in children)


def restart(bridge: Bridge) -> float:
    """Starts it anew; returns the seconds from the start of the process until ``/ready`` answers 200."""
    if bridge.process is not None:
        status = bridge.end()
        if status != 0:
            raise RuntimeError(f"the bridge ended with status {status}: {bridge.errors.read_text()}")
    began = time.perf_counter()
    bridge.start()
    wait_until(lambda: bridge.is_answered("/ready"), READY_WITHIN, "the bridge is ready")
    return time.perf_counter() - began


def usage_rows(bridge: Bridge, postgres: Postgres) -> int:
    """Rows in Postgres once nothing is pending.

    Raises:
        RuntimeError: when a record was dropped, so that a rate that was reached without recording counts for nothing.
    """
    wait_until(lambda: bridge.metric("ralex_usage_pending") == 0, 30, "all usage is written")
    if dropped := bridge.metric("ralex_usage_dropped_total"):
        raise RuntimeError(f"the bridge dropped {dropped:.0f} usage records")
    return int(fetch(postgres.url(), "SELECT count(*) FROM usage")[0][0])


def main(kind: str) -> None:
    """Starts everything, answers until the input ends or a signal comes, stops everything."""
    # A benchmark that is killed passes its signal on: what was started here must not outlive it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="ralex-bench-") as name:
        folder = Path(name)
        # Postgres runs as another user.
        folder.chmod(0o755)
        port = free_port()
        own = Path(__file__).with_name("fixed_upstream.py")
        command = {
            "fixed": [sys.executable, str(own), "127.0.0.1", str(port)],
            "streaming": [sys.executable, "-m", "tests.support.upstream", str(port)],
        }[kind]
        postgres, redis = Postgres(folder), Redis(folder)
        services = [Server(command, port, folder / "upstream.log", None), postgres, redis]
        # High enough to refuse nothing; every request is counted in Redis all the same.
        bridge = Bridge(folder / "bridge", {"RALEX_RATE_LIMIT_PER_MINUTE": "100000000"})
        try:
            for service in services:
                service.start()
            bridge.database_url, bridge.redis_url = postgres.url(), redis.url
            bridge.upstreams = {"upstreams": [bridge.openai_upstream(f"http://127.0.0.1:{port}/v1")]}
            migrated = bridge.run("migrate", timeout=60)
            if migrated.returncode != 0:
                raise RuntimeError(f"the migrations failed: {migrated.stderr.decode()}")
            ready = restart(bridge)
            for line in sys.stdin:
                if line.strip() == "restart":
                    ready = restart(bridge)
                if bridge.process is None:
                    raise RuntimeError("the bridge does not run")
                state = {
                    "url": f"http://127.0.0.1:{bridge.port}/v1/chat/completions",
                    "upstream": f"http://127.0.0.1:{port}/v1",
                    "key": KEY,
                    "ready_seconds": ready,
                    "resident_mb": resident(bridge.process.pid),
                    "usage_rows": usage_rows(bridge, postgres),
                }
                sys.stdout.write(json.dumps(state) + "\n")
                sys.stdout.flush()
        finally:
            if bridge.process is not None:
                bridge.end()
            for service in services:
                service.end()


if __name__ == "__main__":
    main(sys.argv[1])
