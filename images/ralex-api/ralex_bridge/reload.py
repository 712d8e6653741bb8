"""Restarts the server when a file of the package changes, for development.

This process keeps the listening socket: a request that comes during a restart waits for it instead of being refused.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from watchfiles import Change, watch

log = logging.getLogger("ralex.reload")

PACKAGE = Path(__file__).parent
END_SECONDS = 1.0
"""How long running answers may go on once a file changed."""
POLL_MILLISECONDS = 250
DEBOUNCE_MILLISECONDS = 200
"""An editor's several writes of one save count as one change."""


def is_source(_: Change, path: str) -> bool:
    """Whether a changed file matters to the server."""
    return path.endswith((".py", ".sql"))


class Reloader:
    """One child that serves, replaced after every change. One that fails to start is waited on to be mended."""

    def __init__(self, listener: socket.socket, grace_seconds: float) -> None:
        self._listener = listener
        self._grace_seconds = grace_seconds
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Runs until SIGTERM or SIGINT; the exit status is the last child's."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        self._start()
        changes = watch(
            PACKAGE,
            watch_filter=is_source,
            stop_event=self._stop,
            step=50,
            debounce=DEBOUNCE_MILLISECONDS,
            rust_timeout=POLL_MILLISECONDS,
            yield_on_timeout=True,
        )
        for changed in changes:
            if changed:
                names = sorted({Path(path).relative_to(PACKAGE).as_posix() for _, path in changed})
                log.info("restarting after a change of %s", ", ".join(names))
                self._end(END_SECONDS)
                self._start()
            elif self._child is not None and self._child.poll() is not None:
                log.error("the server ended with status %d; waiting for a change", self._child.returncode)
                self._child = None
        return self._end(self._grace_seconds)

    def _start(self) -> None:
        number = self._listener.fileno()
        command = [sys.executable, "-m", "ralex_bridge", "serve", "--socket", str(number)]
        self._child = subprocess.Popen(command, pass_fds=[number])

    def _end(self, seconds: float) -> int:
        child, self._child = self._child, None
        if child is None:
            return 1
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        try:
            return child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()
