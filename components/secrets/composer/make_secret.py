"""Makes the Secret that a chart's pods read where nobody else has made it; one that is there stays as it is.

Usage: ``python3.11 make_secret.py CONFIGURATION.json``, in a pod whose account may read and create Secrets. The
configuration is ``{"secret": NAME, "tlsSecret": NAME or null, "hostName", "generated": {KEY: LENGTH}, "labels": {…}}``.
Certificates are made by ``openssl``, which the image has from its distribution; nothing is written but below TMPDIR,
which is memory. No value is ever printed.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import secrets
import shutil
import ssl
import string
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Protocol

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
LETTERS = string.ascii_letters + string.digits
AUTHORITY_DAYS = 3652
CERTIFICATE_DAYS = 825
"""The most that browsers take of an authority of one's own."""
FOUND, CREATED, MISSING, CONFLICT = 200, 201, 404, 409

OPENSSL = """[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[edge]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


class Api(Protocol):
    """The API server's Secrets of one namespace."""

    def ask(self, method: str, name: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """A status, and the object where there is one."""


class Cluster:
    """The API server as a pod reaches it, with the pod's own account."""

    def __init__(self, account: Path = ACCOUNT) -> None:
        namespace = (account / "namespace").read_text(encoding="ascii").strip()
        self._url = f"https://kubernetes.default.svc/api/v1/namespaces/{namespace}/secrets"
        self._token = (account / "token").read_text(encoding="ascii").strip()
        self._tls = ssl.create_default_context(cafile=str(account / "ca.crt"))

    def ask(self, method: str, name: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        url = self._url if method == "POST" else f"{self._url}/{name}"
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._tls) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, {}


def password(length: int) -> str:
    """Letters and digits, which read the same wherever they are put."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def alternative_names(host: str) -> str:
    """Whom the edge's certificate is for: what a port of somebody's machine leads to is the stack all the same."""
    try:
        addresses = {str(ipaddress.ip_address(host)), "127.0.0.1"}
        names = {"localhost"}
    except ValueError:
        addresses, names = {"127.0.0.1"}, {host, "localhost"}
    return ",".join([*(f"DNS:{name}" for name in sorted(names)), *(f"IP:{one}" for one in sorted(addresses))])


def certificates(host: str) -> dict[str, str]:
    """An authority, whose key is not kept, and the edge's certificate."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def openssl(*words: str) -> None:
            command = ["openssl", *words]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SystemExit(f"openssl {words[0]} failed: {done.stderr.strip()}")

        names = alternative_names(host)
        for kind, common in (("ca", "Ralex certificate authority"), ("edge", "Ralex")):
            (folder / f"{kind}.cnf").write_text(OPENSSL.format(name=common, names=names), encoding="utf-8")
        openssl(
            *("req", "-x509", "-config", "ca.cnf", "-extensions", "authority", "-newkey", "rsa:3072", "-nodes"),
            *("-keyout", "ca.key", "-out", "ca.crt", "-days", str(AUTHORITY_DAYS)),
        )
        openssl(
            *("req", "-config", "edge.cnf", "-newkey", "rsa:2048", "-nodes", "-keyout", "edge.key", "-out", "edge.csr"),
        )
        openssl(
            *("x509", "-req", "-in", "edge.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial"),
            *(str(secrets.randbits(120)), "-days", str(CERTIFICATE_DAYS), "-sha256"),
            *("-extfile", "edge.cnf", "-extensions", "edge", "-out", "edge.crt"),
        )
        authority, certificate, key = ((folder / file).read_text() for file in ("ca.crt", "edge.crt", "edge.key"))
        return {"tlsCaCertificate": authority, "tlsCertificate": certificate + authority, "tlsPrivateKey": key}


def create(api: Api, name: str, kind: str, labels: dict[str, str], values: dict[str, str]) -> None:
    """Makes a Secret; whoever made it meanwhile was first."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    metadata = {"name": name, "labels": labels}
    body = {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "data": data}
    status, _ = api.ask("POST", name, body)
    if status not in (CREATED, CONFLICT):
        raise SystemExit(f"the API server answered {status} to the new Secret {name}")
    print(f"made Secret {name}" if status == CREATED else f"Secret {name} is there: it stays as it is")


def present(api: Api, name: str) -> dict[str, Any] | None:
    """A Secret, or None where there is none."""
    status, found = api.ask("GET", name)
    if status not in (FOUND, MISSING):
        raise SystemExit(f"the API server answered {status} to the question for Secret {name}")
    return found if status == FOUND else None


def main(configuration: dict[str, Any], api: Api) -> None:
    """Makes what is missing."""
    name, tls, labels = configuration["secret"], configuration["tlsSecret"], configuration["labels"]
    if present(api, name) is not None:
        print(f"Secret {name} is there: it stays as it is")
    else:
        if shutil.which("openssl") is None:
            raise SystemExit(
                f"this image has no openssl to make certificates with: make the Secret {name} yourself, with the keys "
                "that docs/kubernetes.md lists, and name it as existingSecret"
            )
        values = {key: password(length) for key, length in configuration["generated"].items()}
        create(api, name, "Opaque", labels, {**values, **certificates(configuration["hostName"])})
    if tls is None or present(api, tls) is not None:
        return
    made = (present(api, name) or {}).get("data", {})
    pair = {"tls.crt": made.get("tlsCertificate"), "tls.key": made.get("tlsPrivateKey")}
    if None in pair.values():
        raise SystemExit(
            f"Secret {name} has no tlsCertificate and tlsPrivateKey: make the Secret {tls} for the Ingress"
        )
    decoded = {key: base64.b64decode(str(value)).decode() for key, value in pair.items()}
    create(api, tls, "kubernetes.io/tls", labels, decoded)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Cluster())
