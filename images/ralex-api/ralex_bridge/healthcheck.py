"""Asks the running server for its health. Imports next to nothing, since it runs every few seconds."""

from __future__ import annotations

import os
import socket
import sys

SECONDS = 2.5
"""Less than the three seconds that the container's health check allows."""


def check(path: str = "/health") -> int:
    """Exit status: 0 if the server answers 200, else 1 with one line on standard error."""
    host = os.environ.get("RALEX_HOST", "")
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    try:
        port = int(os.environ.get("RALEX_PORT", "8000"))
        with socket.create_connection((host, port), SECONDS) as connection:
            connection.settimeout(SECONDS)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            status = connection.recv(64).split(b" ", 2)[1:2]
    except (OSError, ValueError) as error:
        sys.stderr.write(f"no answer from {path}: {type(error).__name__}\n")
        return 1
    if status != [b"200"]:
        sys.stderr.write(f"{path} answered {b''.join(status).decode('ascii', 'replace')}\n")
        return 1
    return 0
