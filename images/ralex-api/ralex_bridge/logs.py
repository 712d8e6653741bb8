"""JSON logs, one line an event, on standard output, gathered for a moment so that a line costs no system call."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import sys
import time
from contextvars import ContextVar
from functools import lru_cache

import orjson

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being handled, for every line logged meanwhile."""

FIELDS = ("method", "path", "status", "seconds", "key", "model", "upstream", "reason")
"""What a line may carry beside its message. Anything else is not written, so no header or body can slip in."""
HOLD_SECONDS = 0.05
"""How long an unimportant line may wait for others; warnings and errors are written at once."""


class Output:
    """Standard output in few writes. Outside an event loop every line is written at once."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def write(self, line: bytes, *, now: bool = False) -> None:
        """Takes one line without its end."""
        self._lines.append(line)
        if now:
            self.flush()
        elif self._timer is None:
            try:
                self._timer = asyncio.get_running_loop().call_later(HOLD_SECONDS, self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Writes what was held back. A reader that went away is no reason to stop answering."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lines:
            lines, self._lines = self._lines, []
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
                sys.stdout.buffer.flush()


output = Output()


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(seconds))


def timestamp(seconds: float) -> str:
    """UTC with milliseconds in ISO 8601; the part down to the second is formatted once a second."""
    whole = int(seconds)
    return f"{_second(whole)}{int((seconds - whole) * 1000):03d}Z"


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().strip(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        for field in FIELDS:
            if (value := getattr(record, field, None)) is not None:
                line[field] = value
        if record.exc_info and record.exc_info[0] is not None:
            # The message of a foreign exception may quote a URL with its password; its type and place do not.
            line["exception"] = record.exc_info[0].__name__
            line["at"] = self._place(record)
        return orjson.dumps(line, default=repr).decode()

    @staticmethod
    def _place(record: logging.LogRecord) -> list[str]:
        trace = record.exc_info[2] if record.exc_info else None
        places = []
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename}:{trace.tb_lineno}")
            trace = trace.tb_next
        return places[-5:]


class OutputHandler(logging.Handler):
    """Hands formatted records to the gathered output."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            output.write(self.format(record).encode(), now=record.levelno >= logging.WARNING)
        except Exception:
            self.handleError(record)


def configure(level: str) -> None:
    """Sends every logger's lines at ``level`` and above to standard output as JSON."""
    handler = OutputHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    atexit.register(output.flush)
