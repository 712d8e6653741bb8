"""Runs the server until it is told to stop, then lets running answers end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import math
import signal
import socket
from collections.abc import Iterator

import uvicorn
import uvloop

from .app import Bridge
from .browsers import open_to
from .settings import Configuration
from .transport import JoiningProtocol

log = logging.getLogger("ralex.serve")

KEEPALIVE_SECONDS = 75
"""Longer than the edge keeps idle connections (nginx: 60 s), so that the edge closes first and no request is lost."""
BACKLOG = 2048
LAST_WORDS_SECONDS = 0.5


class Server(uvicorn.Server):
    """uvicorn without its signal handling, which ends the process by the signal instead of with status 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to :func:`serve`."""
        yield


def serve(configuration: Configuration, listener: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT. A second signal ends the grace period."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(configuration, listener))


async def _serve(configuration: Configuration, listener: socket.socket) -> None:
    settings = configuration.settings
    server: Server | None = None
    bridge = Bridge(configuration, draining=lambda: server is not None and server.should_exit)
    server = Server(
        uvicorn.Config(
            open_to(settings.cors_origins, bridge),
            http=JoiningProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEPALIVE_SECONDS,
            timeout_graceful_shutdown=math.ceil(settings.grace_seconds),
            backlog=BACKLOG,
        )
    )
    JoiningProtocol.head_seconds = settings.body_timeout_seconds
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop, server)
    await bridge.start()
    # What exists now lives as long as the process: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    log.info("listening on %s port %d", *listener.getsockname()[:2])
    try:
        await server.serve(sockets=[listener])
        # Those beyond their grace were cancelled just now, and still have to tell their clients and count their usage.
        if tasks := server.server_state.tasks:
            await asyncio.wait(tasks, timeout=LAST_WORDS_SECONDS)
    finally:
        await bridge.stop()
    log.info("stopped")


def _stop(server: Server) -> None:
    if server.should_exit:
        server.force_exit = True
    server.should_exit = True
