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

from .standby import GO

log = logging.getLogger("ralex.reload")

PACKAGE = Path(__file__).parent
END_SECONDS = 1.0
"""How long running answers may go on once a file changed."""
POLL_MILLISECONDS = 250
QUIET_TICKS = 6
"""Polls without a change before the next child is prepared, so that it does not compete with the one that starts."""
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
        self._standby: subprocess.Popen[bytes] | None = None
        self._quiet = 0

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
                self._replace()
            else:
                self._tick()
        if self._standby is not None:
            self._standby.kill()
            self._standby.wait()
        if self._child is None:
            return 1
        self._child.send_signal(signal.SIGTERM)
        status = _wait(self._child, self._grace_seconds)
        # One that was told to stop before it could listen for that has ended by the signal, as it should.
        return 0 if status == -signal.SIGTERM else abs(status)

    def _start(self) -> None:
        self._child, self._standby = self._standby or self._spawn(), None
        self._quiet = 0
        if self._child.stdin is not None:
            # One that cannot be told has ended, which the next tick reports.
            with contextlib.suppress(BrokenPipeError):
                self._child.stdin.write(GO)
                self._child.stdin.close()

    def _spawn(self) -> subprocess.Popen[bytes]:
        number = self._listener.fileno()
        command = [sys.executable, "-m", "ralex_bridge.standby", str(number)]
        return subprocess.Popen(command, pass_fds=[number], stdin=subprocess.PIPE)

    def _replace(self) -> None:
        """The new child loads while the old one ends: both have the socket, so nobody is refused between them."""
        old = self._child
        if old is not None:
            old.send_signal(signal.SIGTERM)
        self._start()
        if old is not None:
            _wait(old, END_SECONDS)

    def _tick(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            log.error("the server ended with status %d; waiting for a change", self._child.returncode)
            self._child = None
        self._quiet += 1
        if self._standby is None and self._quiet >= QUIET_TICKS:
            self._standby = self._spawn()


def _wait(child: subprocess.Popen[bytes], seconds: float) -> int:
    """Waits for a child that was told to end; kills it after the time. A second signal would cut its answers off."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
