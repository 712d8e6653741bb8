"""Checks a running Ralex from inside its private network, as its users and its monitoring meet it.

Usage: ``python3.11 ralex_probe.py CONFIGURATION.json``. Writes one JSON object to standard output:
``{"checks": [{"name", "passed", "detail"}]}``, and exits with 0 when every check passed, else with 1. A check is asked
again until it passes or the configured time is over, since a deployment that has just come up needs a moment. The
standard library is enough, so that the image is an interpreter and this file.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REQUEST_SECONDS = 10
"""Most that one request may take."""
PAUSE_SECONDS = 0.5
"""Between two attempts of a check."""
MODEL = "echo"
"""Answers without an account and costs nothing; every Ralex has it."""


@dataclass(frozen=True)
class Configuration:
    """What to check. URLs have no path."""

    api: str
    """The edge's plain listener for the API."""
    tls: str
    """The edge's TLS listener."""
    tls_name: str
    """Name that the edge's certificate has to be for."""
    web: str
    """The edge's listener for Open WebUI."""
    replicas: str
    """``host:port`` of every replica of the API, with blanks between; a name stands for all of its addresses."""
    jobs: list[str]
    """Scrape jobs that have to be up, all targets of them."""
    api_key_file: str
    ca_file: str
    seconds: float
    """How long all checks together may take."""
    prometheus: str | None = None
    """Absent where the deployment keeps no metrics."""


class CheckError(Exception):
    """What a check found instead of what it wanted."""


def addresses(replica: str) -> list[str]:
    """``address:port`` of each address that a ``host:port`` has now."""
    host, _, port = replica.rpartition(":")
    known = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    found = sorted({str(info[4][0]) for info in known})
    return [f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for address in found]


class Probe:
    """The checks, in the order of what depends on what."""

    def __init__(self, configuration: Configuration) -> None:
        self._of = configuration
        self._key = Path(configuration.api_key_file).read_text(encoding="ascii").strip()
        self._started = time.time()

    def checks(self) -> dict[str, Callable[[], str]]:
        """By name: returns what was seen, or raises."""
        monitoring = {} if self._of.prometheus is None else {"metrics are scraped": self.metrics}
        return {
            "every replica is healthy": self.health,
            "every replica is ready": self.ready,
            "Open WebUI answers": self.web,
            "the edge answers a chat": self.chat,
            "the edge streams a chat": self.stream,
            "the edge's certificate is valid": self.certificate,
            "a request without a key is refused": self.refusal,
            "a session is written and read back": self.session,
            **monitoring,
        }

    def health(self) -> str:
        return self._every_replica("/health")

    def ready(self) -> str:
        return self._every_replica("/ready")

    def _every_replica(self, path: str) -> str:
        replicas = [address for one in self._of.replicas.split() for address in addresses(one)]
        for replica in replicas:
            self._get(f"http://{replica}", path)
        return f"{len(replicas)} replica(s)"

    def web(self) -> str:
        self._get(self._of.web, "/health")
        return "through the edge"

    def chat(self) -> str:
        word = uuid.uuid4().hex
        answer = self._post("/v1/chat/completions", {"model": MODEL, "messages": [{"role": "user", "content": word}]})
        said = answer["choices"][0]["message"]["content"]
        if said != f"echo: {word}":
            raise CheckError("the answer is not the one of this question")
        return f"model {answer['model']}"

    def stream(self) -> str:
        word = uuid.uuid4().hex
        body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": word}]}
        events = self._send(self._of.api, "POST", "/v1/chat/completions", body).decode().strip().split("\n\n")
        if events[-1] != "data: [DONE]":
            raise CheckError("the stream has no end")
        chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]
        said = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
        if said != f"echo: {word}":
            raise CheckError("the streamed answer is not the one of this question")
        return f"{len(events)} events"

    def certificate(self) -> str:
        context = ssl.create_default_context(cafile=self._of.ca_file)
        self._send(self._of.tls, "GET", "/v1/models", context=context)
        return f"for {self._of.tls_name}"

    def refusal(self) -> str:
        status, _ = self._request(self._of.api, "GET", "/v1/models")
        if status != 401:
            raise CheckError(f"it was answered with {status}")
        return "401"

    def session(self) -> str:
        word = uuid.uuid4().hex
        session = self._post("/v1/sessions", {"title": "deployment check"})["id"]
        try:
            self._post(f"/v1/sessions/{session}/messages", {"role": "user", "content": word})
            found = self._get(self._of.api, f"/v1/sessions/{session}/messages")["data"]
        finally:
            self._send(self._of.api, "DELETE", f"/v1/sessions/{session}")
        if [entry["message"]["content"] for entry in found] != [word]:
            raise CheckError("what was written is not what is read")
        return "and removed again"

    def metrics(self) -> str:
        active = self._get(self._of.prometheus or "", "/api/v1/targets?state=active")["data"]["activeTargets"]
        jobs = {target["labels"]["job"] for target in active}
        if missing := sorted(set(self._of.jobs) - jobs):
            raise CheckError(f"nothing is scraped of {', '.join(missing)}")
        if down := sorted(target["labels"]["job"] for target in active if target["health"] != "up"):
            raise CheckError(f"not up: {', '.join(down)}")
        # A scrape from before the update says nothing of the replica that runs now.
        if stale := sorted(target["labels"]["job"] for target in active if self._age(target["lastScrape"]) > 0):
            raise CheckError(f"not scraped since the update: {', '.join(stale)}")
        return f"{len(active)} targets of {len(jobs)} jobs"

    def _age(self, scraped: str) -> float:
        """How long before the start of the probe, in seconds; a second is left for clocks that differ."""
        return self._started - datetime.fromisoformat(scraped).timestamp() - 1

    def _post(self, path: str, body: object) -> Any:
        return json.loads(self._send(self._of.api, "POST", path, body))

    def _get(self, url: str, path: str) -> Any:
        return json.loads(self._send(url, "GET", path))

    def _send(
        self, url: str, method: str, path: str, body: object = None, context: ssl.SSLContext | None = None
    ) -> bytes:
        headers = {"authorization": f"Bearer {self._key}"} if url in (self._of.api, self._of.tls) else {}
        status, content = self._request(url, method, path, body=body, headers=headers, context=context)
        if not 200 <= status < 300:
            raise CheckError(f"{method} {urlsplit(url).netloc}{path} was answered with {status}")
        return content

    def _request(
        self,
        url: str,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: dict[str, str] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> tuple[int, bytes]:
        address = urlsplit(url)
        host, port = address.hostname or "", address.port
        if context is None:
            connection = http.client.HTTPConnection(host, port, timeout=REQUEST_SECONDS)
        else:
            connection = _Named(host, port, self._of.tls_name, context)
        payload = None if body is None else json.dumps(body).encode()
        kind = {} if payload is None else {"content-type": "application/json"}
        try:
            connection.request(method, path, payload, {**(headers or {}), **kind})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


class _Named(http.client.HTTPSConnection):
    """Reaches the edge under its private name and holds its certificate to the name that people use."""

    def __init__(self, host: str, port: int | None, name: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=REQUEST_SECONDS, context=context)
        self._name = name
        self._trust = context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=self._name)


def attempt(check: Callable[[], str], deadline: float) -> tuple[bool, str]:
    """Asks until the check passes or the time is over."""
    while True:
        try:
            return True, check()
        except CheckError as error:
            detail = str(error)
        except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError, TypeError) as error:
            # The type alone: a message may repeat what a server sent.
            detail = f"{type(error).__name__}: {error.strerror}" if isinstance(error, OSError) else type(error).__name__
        if time.monotonic() > deadline:
            return False, detail
        time.sleep(PAUSE_SECONDS)


def main(arguments: list[str]) -> int:
    """Runs every check; the exit status is 0 when all passed, 1 when one did not, 64 for a wrong call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: ralex_probe.py CONFIGURATION.json\n")
        return 64
    configuration = Configuration(**json.loads(Path(arguments[0]).read_text(encoding="utf8")))
    deadline = time.monotonic() + configuration.seconds
    results = []
    for name, check in Probe(configuration).checks().items():
        passed, detail = attempt(check, deadline)
        results.append({"name": name, "passed": passed, "detail": detail})
    sys.stdout.write(json.dumps({"checks": results}) + "\n")
    return 0 if all(result["passed"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
