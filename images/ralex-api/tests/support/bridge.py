"""The bridge as its users meet it: a process of ``python -m ralex_bridge`` with files and environment variables."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .services import free_port, wait_until

ROOT = Path(__file__).parents[2]
KEY = "canary-client-key-5f1d0c"
OTHER_KEY = "canary-client-key-of-another-77aa"
UPSTREAM_KEY = "canary-upstream-key-91be3a"


@dataclass
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error code of an OpenAI-shaped error, whose shape is checked."""
        error = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}, error
        return str(error["code"])


@dataclass
class Bridge:
    """One process. ``environment`` holds ``RALEX_*`` variables on top of those that every test needs."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    upstreams: dict[str, Any] | None = None
    database_url: str | None = None
    redis_url: str | None = None
    port: int = field(default_factory=free_port)
    package_root: Path = ROOT
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "log"
        self.errors = self.folder / "errors"

    def variables(self) -> dict[str, str]:
        """Writes the files and returns the environment that names them."""
        keys = [{"name": "tests", "key": KEY}, {"name": "other", "key": OTHER_KEY}]
        listed = [{"name": one["name"], "sha256": hashlib.sha256(one["key"].encode()).hexdigest()} for one in keys]
        files: dict[str, tuple[str, str | None]] = {
            "RALEX_API_KEYS_FILE": ("api_keys.json", json.dumps(listed)),
            "RALEX_DATABASE_URL_FILE": ("database_url", self.database_url),
            "RALEX_REDIS_URL_FILE": ("redis_url", self.redis_url),
            "RALEX_UPSTREAMS_FILE": ("upstreams.json", json.dumps(self.upstreams) if self.upstreams else None),
        }
        (self.folder / "upstream_key").write_text(UPSTREAM_KEY + "\n")
        named = {}
        for variable, (name, content) in files.items():
            if content is not None:
                (self.folder / name).write_text(content)
                named[variable] = str(self.folder / name)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RALEX_")}
        return {**kept, **named, "RALEX_HOST": "127.0.0.1", "RALEX_PORT": str(self.port), **self.environment}

    def openai_upstream(self, base_url: str, name: str = "upstream") -> dict[str, str]:
        """An entry of the upstreams file with the canary key."""
        key_file = str(self.folder / "upstream_key")
        return {"name": name, "kind": "openai", "base_url": base_url, "api_key_file": key_file}

    def run(self, *arguments: str, timeout: float = 20) -> subprocess.CompletedProcess[bytes]:
        """Runs a command to its end."""
        command = [sys.executable, "-m", "ralex_bridge", *arguments]
        return subprocess.run(
            command, cwd=self.package_root, env=self.variables(), capture_output=True, timeout=timeout, check=False
        )

    def start(self, *arguments: str) -> float:
        """Starts serving and waits for health; returns the seconds that took."""
        began = time.perf_counter()
        with self.log.open("ab") as log, self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ralex_bridge", *arguments],
                cwd=self.package_root,
                env=self.variables(),
                stdout=log,
                stderr=errors,
            )
        wait_until(lambda: self.is_answered("/health"), 10, "the bridge is healthy")
        return time.perf_counter() - began

    def is_answered(self, path: str) -> bool:
        """Whether a path is answered with 200 now."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"the bridge ended: {self.errors.read_text()}\n{self.log.read_text()}")
        try:
            return self.ask("GET", path, key=None, timeout=4).status == 200
        except OSError:
            return False

    def end(self, number: int = signal.SIGTERM, timeout: float = 15) -> int:
        """Sends a signal, waits, returns the exit status."""
        assert self.process is not None
        process, self.process = self.process, None
        process.send_signal(number)
        return process.wait(timeout)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = KEY,
        headers: dict[str, str] | None = None,
        timeout: float = 20,
    ) -> Answer:
        """One request on a connection of its own; bytes go as they are, an iterator's in chunks, else JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        data = body if body is None or isinstance(body, (bytes, Iterator)) else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {**sent, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def chat(self, text: str = "hello", *, model: str = "echo", key: str | None = KEY, **more: Any) -> Answer:
        """Asks for one answer; ``headers`` goes to the request, the rest into its document."""
        headers = more.pop("headers", None)
        document = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.ask("POST", "/v1/chat/completions", document, key=key, headers=headers)

    def lines(self) -> list[dict[str, Any]]:
        """The log so far, each line parsed. A line that is not JSON fails the test."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def metric(self, name: str, **labels: str) -> float:
        """A value of ``/metrics``; 0 where it does not stand there yet."""
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        for line in self.ask("GET", "/metrics", key=None).body.decode().splitlines():
            if line.startswith(f"{name}{{{wanted}}} " if labels else f"{name} "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0
