"""What is made where there is no Secret; one that is there is left alone. The API server is a dictionary here."""

from __future__ import annotations

import base64
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_secret", Path(__file__).parent.parent / "make_secret.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_secret"] = module
    spec.loader.exec_module(module)
    return module


make_secret = program()


class Server:
    """Secrets by name."""

    def __init__(self, **secrets: dict[str, Any]) -> None:
        self.secrets: dict[str, dict[str, Any]] = dict(secrets)
        self.status: int | None = None

    def ask(self, method: str, name: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        if self.status is not None:
            return self.status, {}
        if method == "POST":
            assert body is not None
            if name in self.secrets:
                return 409, {}
            self.secrets[name] = body
            return 201, body
        return (200, self.secrets[name]) if name in self.secrets else (404, {})

    def values(self, name: str) -> dict[str, str]:
        return {key: base64.b64decode(value).decode() for key, value in self.secrets[name]["data"].items()}


def configuration(**more: Any) -> dict[str, Any]:
    common = {"secret": "ralex", "tlsSecret": None, "hostName": "ralex.test", "labels": {"a": "b"}}
    return {**common, "generated": {"apiKey": 40, "redisPassword": 40}, **more}


def test_passwords_and_a_certificate_that_its_authority_has_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server()
    make_secret.main(configuration(), server)
    values = server.values("ralex")
    assert sorted(values) == ["apiKey", "redisPassword", "tlsCaCertificate", "tlsCertificate", "tlsPrivateKey"]
    assert len(values["apiKey"]) == 40
    assert values["apiKey"].isalnum()
    assert values["apiKey"] != values["redisPassword"]
    for key, content in values.items():
        (tmp_path / key).write_text(content)

    def openssl(*words: str) -> str:
        return subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    verified = ("-CAfile", "tlsCaCertificate", "-purpose", "sslserver", "-verify_hostname", "ralex.test")
    assert openssl("verify", *verified, "tlsCertificate") == "tlsCertificate: OK\n"
    public = openssl("x509", "-in", "tlsCertificate", "-noout", "-pubkey")
    assert public == openssl("pkey", "-in", "tlsPrivateKey", "-pubout")
    assert capsys.readouterr().out == "made Secret ralex\n"


def test_an_address_is_in_the_certificate_as_one() -> None:
    assert make_secret.alternative_names("10.0.0.7") == "DNS:localhost,IP:10.0.0.7,IP:127.0.0.1"
    assert make_secret.alternative_names("ralex.test") == "DNS:localhost,DNS:ralex.test,IP:127.0.0.1"


def test_a_secret_that_is_there_stays_as_it_is() -> None:
    there = {"data": {"apiKey": "bWluZQ=="}}
    server = Server(ralex=there)
    make_secret.main(configuration(), server)
    assert server.secrets == {"ralex": there}


def test_an_ingress_gets_the_same_certificate_also_beside_an_older_secret() -> None:
    server = Server()
    make_secret.main(configuration(), server)
    make_secret.main(configuration(tlsSecret="ralex-tls"), server)
    assert server.secrets["ralex-tls"]["type"] == "kubernetes.io/tls"
    values = server.values("ralex")
    assert server.values("ralex-tls") == {"tls.crt": values["tlsCertificate"], "tls.key": values["tlsPrivateKey"]}
    with pytest.raises(SystemExit, match="make the Secret mine-tls"):
        make_secret.main(configuration(secret="mine", tlsSecret="mine-tls"), Server(mine={"data": {}}))


def test_an_image_without_openssl_and_a_server_that_refuses_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    server.status = 403
    with pytest.raises(SystemExit, match="answered 403"):
        make_secret.main(configuration(), server)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="no openssl"):
        make_secret.main(configuration(), Server())
