"""Restarts the server when a file of the package changes, for development.

This process keeps the listening socket: a request that comes during a restart waits for it instead of being refused.
"""

from __future__ import annotations

import contextlib
import logging
import os
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


LOADED_AHEAD = frozenset({"__init__.py", "standby.py"})
"""What the next child has loaded already, so that an edit of it needs another one."""
OWN = "reload.py"

NO_SOURCE = frozenset({"", ".swp", ".swx", ".tmp"})
"""Endings of what editors write beside a file."""


def is_source(_: Change, path: str) -> bool:
    """Whether a changed file matters to the server."""
    name = Path(path).name
    if "__pycache__" in path:
        return False
    return Path(name).suffix not in NO_SOURCE and not name.startswith(".") and not name.endswith("~")


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
                if OWN in names and _compiles(PACKAGE / OWN):
                    self._begin_anew()
                if LOADED_AHEAD.intersection(names):
                    self._discard_standby()
                self._replace()
            else:
                self._tick()
        self._discard_standby()
        if self._child is None:
            return 1
        self._child.send_signal(signal.SIGTERM)
        status = _wait(self._child, self._grace_seconds)
        # One that was told to stop before it could listen for that has ended by the signal, as it should.
        return 0 if status == -signal.SIGTERM else abs(status)

    def _begin_anew(self) -> None:
        """Runs this process again from its edited file, with the socket, so that who asks meanwhile waits."""
        self._discard_standby()
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)
            _wait(self._child, END_SECONDS)
        number = self._listener.fileno()
        os.set_inheritable(number, True)
        os.execv(sys.executable, [sys.executable, "-m", "ralex_bridge", "--reload", "--socket", str(number)])

    def _discard_standby(self) -> None:
        if self._standby is not None:
            self._standby.kill()
            self._standby.wait()
            self._standby = None

    def _start(self) -> None:
        if self._standby is not None and self._standby.poll() is not None:
            self._standby = None
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


def _compiles(source: Path) -> bool:
    """Whether this process could run again from the file; one that is being edited may not be whole."""
    try:
        compile(source.read_bytes(), source, "exec")
    except (OSError, SyntaxError, ValueError) as error:
        log.error("%s cannot be run (%s); waiting for a change", source.name, type(error).__name__)
        return False
    return True


def _wait(child: subprocess.Popen[bytes], seconds: float) -> int:
    """Waits for a child that was told to end; kills it after the time. A second signal would cut its answers off."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
