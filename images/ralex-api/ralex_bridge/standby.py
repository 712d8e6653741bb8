"""The next server of a reload: has the libraries loaded already and waits to be told to load the bridge and serve.

Loading the libraries is most of a start; done ahead, an edit shows in a fraction of the time.
"""

from __future__ import annotations

import importlib
import sys

GO = b"go\n"
LIBRARIES = (
    *("aiohttp", "asyncpg", "hiredis", "httptools", "orjson", "prometheus_client", "pydantic_settings"),
    *("redis.asyncio", "starlette.routing", "uvicorn.protocols.http.httptools_impl", "uvloop"),
)


def main(socket: str) -> int:
    """Waits for the word on standard input; an end of input ends the process."""
    for name in LIBRARIES:
        importlib.import_module(name)
    if sys.stdin.buffer.readline() != GO:
        return 0
    from .commands import run

    return run(["serve", "--socket", socket])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
