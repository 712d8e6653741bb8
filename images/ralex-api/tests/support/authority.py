"""A certificate authority of the tests' own."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_authority(folder: Path) -> Path:
    """A folder with a private authority's ``ca.crt``, and ``server.crt`` and ``server.key`` of 127.0.0.1 made by it."""
    made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt"]
    subprocess.run(["openssl", "req", *made, "-subj", "/CN=Private"], cwd=folder, check=True, capture_output=True)
    asked = ["-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=up"]
    subprocess.run(["openssl", "req", *asked], cwd=folder, check=True, capture_output=True)
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ["-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
    command = ["openssl", "x509", "-req", *signed, "-extfile", "names", "-out", "server.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder
