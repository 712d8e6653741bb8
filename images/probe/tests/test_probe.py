"""The probe against a server that stands for a whole deployment: it passes, and each fault fails its own check."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PROBE = Path(__file__).parents[1] / "ralex_probe.py"
KEY = "a-key-of-the-tests"
CERTIFICATE = "the edge's certificate is valid"
"""Fails here, since the server has no TLS; a whole stack has, in the docker tier."""


class Deployment(BaseHTTPRequestHandler):
    """Answers as edge, replica and Prometheus in one."""

    fault = ""
    messages: list[Any] = []  # noqa: RUF012 - one deployment a test

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _answer(self, document: object, status: int = 200) -> None:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["content-length"])))

    def _refused(self) -> bool:
        refused = self.headers.get("authorization") != f"Bearer {KEY}" and self.fault != "no key is asked for"
        if refused:
            self._answer({}, 401)
        return refused

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer({}, 500 if self.fault == "health" else 200)
        elif self.path == "/ready":
            self._answer({}, 503 if self.fault == "ready" else 200)
        elif self.path.startswith("/api/v1/targets"):
            scraped = datetime.now(UTC) + timedelta(hours=-1 if self.fault == "stale scrape" else 1)
            target = {"labels": {"job": "api"}, "lastScrape": scraped.isoformat()}
            target["health"] = "down" if self.fault == "target down" else "up"
            self._answer({"data": {"activeTargets": [] if self.fault == "no target" else [target]}})
        elif not self._refused():
            self._answer({"data": [] if self.fault == "lost message" else Deployment.messages})

    def do_POST(self) -> None:
        if self._refused():
            return
        body = self._body()
        if self.path == "/v1/chat/completions":
            said = "echo: " + ("something else" if self.fault == "wrong answer" else body["messages"][0]["content"])
            if body.get("stream"):
                chunk = json.dumps({"choices": [{"delta": {"content": said}}]})
                end = "" if self.fault == "stream without end" else "data: [DONE]\n\n"
                self._answer(f"data: {chunk}\n\n{end}".encode())
            else:
                self._answer({"model": "echo", "choices": [{"message": {"content": said}}]})
        elif self.path == "/v1/sessions":
            Deployment.messages = []
            self._answer({"id": "one"}, 201)
        else:
            Deployment.messages.append({"message": body})
            self._answer({}, 201)

    def do_DELETE(self) -> None:
        self._answer({})


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Deployment)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    Deployment.fault = ""
    server.shutdown()
    thread.join()
    server.server_close()


def probe(folder: Path, address: str, **changes: object) -> tuple[int, dict[str, bool], str]:
    """Exit status, results by check, and everything that was written."""
    (folder / "key").write_text(f"{KEY}\n")
    (folder / "ca").write_text("")
    url = f"http://{address}"
    configuration = {
        **{"api": url, "web": url, "tls": f"https://{address}", "tls_name": "localhost", "prometheus": url},
        **{"replicas": f"{address} {address} ", "jobs": ["api"], "seconds": 0},
        **{"api_key_file": str(folder / "key"), "ca_file": str(folder / "ca"), **changes},
    }
    (folder / "probe.json").write_text(json.dumps(configuration))
    command = [sys.executable, str(PROBE), str(folder / "probe.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    results = {check["name"]: check["passed"] for check in json.loads(done.stdout)["checks"]}
    return done.returncode, results, done.stdout + done.stderr


def test_a_deployment_that_works_passes_everything_but_tls(tmp_path: Path, address: str) -> None:
    status, results, _ = probe(tmp_path, address)
    assert [name for name, passed in results.items() if not passed] == [CERTIFICATE]
    assert len(results) == 9
    # One check that fails is enough.
    assert status == 1


def test_metrics_are_not_asked_for_where_none_are_kept(tmp_path: Path, address: str) -> None:
    Deployment.fault = "target down"
    _, results, _ = probe(tmp_path, address, prometheus=None, jobs=[])
    assert [name for name, passed in results.items() if not passed] == [CERTIFICATE]
    assert "metrics are scraped" not in results


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("health", "every replica is healthy"),
        ("ready", "every replica is ready"),
        ("wrong answer", "the edge answers a chat"),
        ("stream without end", "the edge streams a chat"),
        ("no key is asked for", "a request without a key is refused"),
        ("lost message", "a session is written and read back"),
        ("target down", "metrics are scraped"),
        ("no target", "metrics are scraped"),
        ("stale scrape", "metrics are scraped"),
    ],
)
def test_each_fault_fails_its_own_check(tmp_path: Path, address: str, fault: str, check: str) -> None:
    Deployment.fault = fault
    status, results, _ = probe(tmp_path, address)
    assert status == 1
    assert results[check] is False


def test_nobody_who_answers_fails_every_check_and_names_no_secret(tmp_path: Path) -> None:
    status, results, written = probe(tmp_path, "127.0.0.1:1")
    assert status == 1
    assert list(results.values()) == [False] * 9
    assert KEY not in written


def test_a_wrong_call_is_told_from_a_failed_check() -> None:
    assert subprocess.run([sys.executable, str(PROBE)], capture_output=True, check=False).returncode == 64


def test_a_name_of_several_replicas_stands_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROBE.parent))
    probe = importlib.import_module("ralex_probe")
    assert probe.addresses("127.0.0.1:80") == ["127.0.0.1:80"]
    assert probe.addresses("[::1]:80") == ["[::1]:80"]
    found = [(0, 0, 0, "", (address, 80)) for address in ("10.0.0.2", "10.0.0.1", "10.0.0.2")]
    monkeypatch.setattr(probe.socket, "getaddrinfo", lambda *_, **__: found)
    assert probe.addresses("pool:80") == ["10.0.0.1:80", "10.0.0.2:80"]
