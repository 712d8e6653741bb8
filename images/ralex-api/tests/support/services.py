"""Private Postgres and Redis servers on free loopback ports, which tests may stop, kill and start again."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

POSTGRES = Path("/usr/lib/postgresql/15/bin")
REDIS = Path("/usr/bin/redis-server")
STARTS_WITHIN = 15.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Asks every 20 ms until it holds.

    Raises:
        TimeoutError: naming what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} within {seconds} s")
        time.sleep(0.02)


def accepts(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def unprivileged() -> int | None:
    """Postgres refuses to run as root; then it runs as nobody."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


class Server:
    """A process on a port that can be ended in several ways."""

    def __init__(self, command: list[str], port: int, log: Path, user: int | None) -> None:
        self._command = command
        self._log = log
        self._user = user
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log, user=self._user)
        wait_until(lambda: accepts(self.port), STARTS_WITHIN, f"{self._command[0]} listens")

    def end(self, number: int = signal.SIGTERM) -> None:
        """Ends it by a signal and waits for it."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(10)
            self.process = None


class Postgres(Server):
    """Postgres 15 with a password; ``fsync`` is on, since tests kill it. With an authority's folder TLS is demanded."""

    def __init__(self, folder: Path, authority: Path | None = None) -> None:
        user = unprivileged()
        port = free_port()
        data = folder / "postgres"
        password = secrets.token_hex(16)
        password_file = folder / "postgres-password"
        password_file.write_text(password)
        data.mkdir(mode=0o700)
        if user is not None:
            for path in (data, password_file):
                shutil.chown(path, user)
        subprocess.run(
            [POSTGRES / "initdb", "-D", data, "-U", "ralex", "-A", "scram-sha-256", "--pwfile", password_file, "-N"],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
        )
        tls: tuple[str, ...] = ()
        if authority is not None:
            # Readable by nobody but its owner, as Postgres demands.
            for name in ("server.crt", "server.key"):
                shutil.copy(authority / name, data / name)
                (data / name).chmod(0o600)
                if user is not None:
                    shutil.chown(data / name, user)
            (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
            tls = ("ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key")
        settings = ("shared_buffers=16MB", "max_connections=40", "listen_addresses=127.0.0.1", f"port={port}", *tls)
        command = [str(POSTGRES / "postgres"), "-D", str(data), "-k", ""]
        super().__init__([*command, *(part for one in settings for part in ("-c", one))], port, folder / "pg.log", user)
        self._password = password

    def url(self, database: str = "postgres") -> str:
        """URL with the password."""
        return f"postgresql://ralex:{self._password}@127.0.0.1:{self.port}/{database}"


class Redis(Server):
    """Redis with a password and no persistence. With an authority's folder TLS is demanded."""

    def __init__(self, folder: Path, authority: Path | None = None, password: str | None = None) -> None:
        port = free_port()
        password = password or secrets.token_hex(16)
        listens = f"port {port}\n"
        if authority is not None:
            listens = f"port 0\ntls-port {port}\ntls-auth-clients no\n" + "".join(
                f"tls-{what}-file {authority}/{name}\n"
                for what, name in (("cert", "server.crt"), ("key", "server.key"), ("ca-cert", "ca.crt"))
            )
        configuration = folder / "redis.conf"
        quoted = json.dumps(password, ensure_ascii=False)
        configuration.write_text(f'bind 127.0.0.1\n{listens}save ""\nrequirepass {quoted}\ndir {folder}\n')
        super().__init__([str(REDIS), str(configuration)], port, folder / "redis.log", None)
        scheme = "redis" if authority is None else "rediss"
        self.url = f"{scheme}://:{quote(password, safe='')}@127.0.0.1:{port}/0"
