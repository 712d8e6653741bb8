"""What is told of an upstream that cannot be asked: by the command, in the log and to the client."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Make
from .support.bridge import UPSTREAM_KEY, Bridge
from .support.scripted import Reply, Scripted, scripted, whole
from .support.services import free_port, wait_until


@pytest.fixture
def upstream() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def report(bridge: Bridge) -> list[dict[str, Any]]:
    """What the command prints."""
    done = bridge.run("upstreams")
    assert (done.returncode, done.stderr) == (0, b"")
    assert UPSTREAM_KEY.encode() not in done.stdout
    listed: list[dict[str, Any]] = json.loads(done.stdout)["upstreams"]
    assert all(set(one) == {"name", "ok", "models", "detail"} for one in listed)
    return listed


def test_the_command_asks_each_upstream_and_says_what_came_of_it(make_bridge: Make, upstream: Scripted) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    upstream.listing = Reply(b'{"data":[{"id":"a"},{"id":"b"},{"id":null},7]}')
    bridge = make_bridge()
    addresses = {
        "here": upstream.base_url,
        "nobody": f"http://127.0.0.1:{free_port()}/v1",
        "silent": f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
        "unknown": "http://no-such-name.invalid/v1",
        "no-tls": upstream.base_url.replace("http:", "https:"),
    }
    listed = [bridge.openai_upstream(url, name) for name, url in addresses.items()]
    bridge.upstreams = {"upstreams": [*listed, {"name": "echo", "kind": "echo"}]}
    began = time.monotonic()
    found = {one["name"]: (one["ok"], one["models"], one["detail"]) for one in report(bridge)}
    assert time.monotonic() - began < 15
    assert list(found) == [*addresses, "echo"]
    assert found["here"] == (True, 2, "2 models")
    assert found["echo"] == (True, 1, "1 models")
    assert found["nobody"] == (False, 0, "connection refused")
    assert found["silent"] == (False, 0, "no answer within 5 s")
    assert found["unknown"] == (False, 0, "its name is not known")
    assert found["no-tls"][0] is False
    assert "TLS" in found["no-tls"][2]
    silent.close()


@pytest.mark.parametrize(
    ("listing", "ok", "models", "detail"),
    [
        (Reply(b'{"object":"list","data":null}'), True, 0, "lists no model"),
        (Reply(b'[{"id":"a"}]'), True, 1, "1 models"),
        (Reply(b'{"models":[{"name":"a"}]}'), True, 1, "1 models"),
        (Reply(b"<html>"), False, 0, "/v1"),
        (Reply(b"{}"), False, 0, "/v1"),
        (Reply(b"{}", 401), False, 0, "refuses the key (HTTP 401)"),
        (Reply(b"{}", 404), False, 0, "/v1"),
        (Reply(b"", 301, {"Location": "http://elsewhere.example/"}), False, 0, "redirects (HTTP 301)"),
        (Reply(UPSTREAM_KEY.encode(), 500), False, 0, "HTTP 500"),
    ],
)
def test_every_kind_of_list_is_read_or_told_apart(
    make_bridge: Make, upstream: Scripted, listing: Reply, ok: bool, models: int, detail: str
) -> None:
    upstream.listing = listing
    bridge = make_bridge()
    bridge.upstreams = {"upstreams": [bridge.openai_upstream(upstream.base_url)]}
    (one,) = report(bridge)
    assert (one["ok"], one["models"]) == (ok, models)
    assert detail in one["detail"]


def test_the_log_says_once_why_a_list_cannot_be_had_and_when_it_can_again(
    make_bridge: Make, upstream: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.listing = Reply(b"{}", 401)
    bridge = make_bridge()
    bridge.upstreams = {"upstreams": [bridge.openai_upstream(upstream.base_url)]}
    bridge.start()

    def told() -> list[tuple[str, str, str | None]]:
        lines = [line for line in bridge.lines() if "list of models" in line["message"]]
        return [(line["level"], line["upstream"], line.get("reason")) for line in lines]

    wait_until(lambda: bool(told()), 5, "the log has a line")
    assert told() == [("warning", "upstream", "it refuses the key (HTTP 401)")]
    time.sleep(5.5)
    bridge.ask("GET", "/v1/models")
    assert len(told()) == 1
    upstream.listing = Reply(b'{"data":[{"id":"a"}]}')
    time.sleep(5.5)
    assert [entry["id"] for entry in bridge.ask("GET", "/v1/models").json["data"]] == ["a"]
    wait_until(lambda: len(told()) == 2, 5, "the log says that it is back")


def test_an_answer_that_takes_too_long_names_the_setting_to_the_client_and_in_the_log(make_bridge: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bridge = make_bridge({"RALEX_UPSTREAM_TIMEOUT_SECONDS": "1.5"})
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        bridge.upstreams = {"upstreams": [bridge.openai_upstream(url)]}
        bridge.start()
        for stream in (False, True):
            answer = bridge.chat(model="cold", stream=stream)
            assert (answer.status, answer.code) == (504, "upstream_timeout")
            assert "upstreamTimeoutSeconds" in answer.json["error"]["message"]
            assert "1.5 s" in answer.json["error"]["message"]
    reasons = [line["reason"] for line in bridge.lines() if line["message"] == "upstream is too slow"]
    assert len(reasons) == 2
    assert all("upstreamTimeoutSeconds" in reason for reason in reasons)


def test_an_upstream_with_a_private_authority_is_trusted_by_its_file_alone(
    make_bridge: Make, upstream: Scripted, authority: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.crt", authority / "server.key")
    upstream.server.socket = context.wrap_socket(upstream.server.socket, server_side=True)
    upstream.listing = Reply(b'{"data":[{"id":"a"}]}')
    upstream.answers(whole(content="over TLS"))
    bridge = make_bridge()
    entry = bridge.openai_upstream(upstream.base_url.replace("http:", "https:"))
    bridge.upstreams = {"upstreams": [entry]}
    (one,) = report(bridge)
    assert one["ok"] is False
    assert "upstreamCaCertificate" in one["detail"]
    bridge.upstreams = {"upstreams": [{**entry, "ca_file": str(authority / "ca.crt")}]}
    assert report(bridge)[0]["ok"] is True
    bridge.start()
    assert bridge.chat(model="a").json["choices"][0]["message"]["content"] == "over TLS"


def test_a_file_of_authorities_that_holds_none_is_a_problem_of_the_configuration(
    make_bridge: Make, tmp_path: Path
) -> None:
    (tmp_path / "bad").write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    bridge = make_bridge()
    entry = bridge.openai_upstream("https://x.example/v1")
    for file, problem in (("bad", "must hold certificates in PEM"), ("missing", "cannot be read")):
        bridge.upstreams = {"upstreams": [{**entry, "ca_file": str(tmp_path / file)}]}
        done = bridge.run()
        assert done.returncode == 78
        assert problem in done.stderr.decode()
