"""What a pod finds in its files, and what it is told where the Secret is not as it should be."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parent.parent / "compose.py"
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def value(secret: str, form: str = "value") -> dict[str, str]:
    return {"secret": secret, "form": form}


COMPOSED: list[dict[str, Any]] = [
    {"path": "secrets/url", "mode": "0440", "parts": ["redis://ralex:", value("password"), "@redis:6379/0"]},
    {"path": "secrets/users", "mode": "0440", "parts": ["#", value("password", "sha256"), "\n"]},
    {"path": "secrets/operators", "mode": "0440", "parts": ["operator:", value("password", "htpasswd")]},
    {"path": "tls.crt", "mode": "0444", "parts": [value("certificate")]},
]


class Pod:
    """The folders that the program is given."""

    def __init__(self, root: Path, secret: dict[str, bytes]) -> None:
        self.sources, self.files = root / "sources", root / "files"
        for folder in (self.sources / "plain", self.sources / "secret", self.files):
            folder.mkdir(parents=True)
        (self.sources / "plain/nginx.conf").write_text("events {}\n")
        description = {"secret": "vault", "plain": ["nginx.conf"], "composed": COMPOSED}
        (self.sources / "files.json").write_text(json.dumps(description))
        for key, content in secret.items():
            (self.sources / "secret" / key).write_bytes(content)

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(PROGRAM), str(self.sources), str(self.files), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def written(self) -> dict[str, tuple[str, int]]:
        files = sorted(path for path in self.files.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.files)): (path.read_text(), stat.S_IMODE(path.stat().st_mode)) for path in files
        }


def test_files_hold_what_is_plain_and_what_is_composed_with_their_modes(tmp_path: Path) -> None:
    pod = Pod(tmp_path, {"password": b"s3cret", "certificate": PEM.encode()})
    done = pod.run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert pod.written() == {
        "nginx.conf": ("events {}\n", 0o444),
        "secrets/url": ("redis://ralex:s3cret@redis:6379/0", 0o440),
        "secrets/users": (f"#{hashlib.sha256(b's3cret').hexdigest()}\n", 0o440),
        "secrets/operators": ("operator:{SHA}/vNB+F2HQ559kaLUZbmHHvZrXpg=", 0o440),
        "tls.crt": (PEM, 0o444),
    }


def test_a_line_end_behind_a_password_is_left_out_and_one_behind_a_certificate_put_in(tmp_path: Path) -> None:
    pod = Pod(tmp_path, {"password": b"s3cret\n", "certificate": PEM.rstrip().encode()})
    assert pod.run().returncode == 0
    assert pod.written()["secrets/url"][0] == "redis://ralex:s3cret@redis:6379/0"
    assert pod.written()["tls.crt"][0] == PEM


def test_a_second_run_writes_the_same_again(tmp_path: Path) -> None:
    pod = Pod(tmp_path, {"password": b"s3cret", "certificate": PEM.encode()})
    assert pod.run().returncode == 0
    before = pod.written()
    assert pod.run().returncode == 0
    assert pod.written() == before


def test_a_password_with_any_character_is_encoded_for_where_it_stands(tmp_path: Path) -> None:
    pod = Pod(tmp_path, {"password": "p@ss/\"wörd'!".encode(), "certificate": PEM.encode()})
    description = json.loads((pod.sources / "files.json").read_text())
    description["composed"] = [
        {"path": "url", "mode": "0440", "parts": ["redis://:", value("password", "url"), "@cache:6379/0"]},
        {"path": "passwords.json", "mode": "0440", "parts": ['{"cache":"', value("password", "json"), '"}']},
    ]
    (pod.sources / "files.json").write_text(json.dumps(description))
    assert pod.run().returncode == 0
    # What encodeURIComponent makes of it.
    assert pod.written()["url"][0] == "redis://:p%40ss%2F%22w%C3%B6rd'!@cache:6379/0"
    assert json.loads(pod.written()["passwords.json"][0]) == {"cache": "p@ss/\"wörd'!"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_gives_the_files_and_an_empty_volume_to_their_user(tmp_path: Path) -> None:
    pod = Pod(tmp_path, {"password": b"s3cret", "certificate": PEM.encode()})
    volume = tmp_path / "volume"
    volume.mkdir()
    assert pod.run("999:998", str(volume)).returncode == 0
    for path in (pod.files / "secrets/url", pod.files / "nginx.conf", volume):
        assert (path.stat().st_uid, path.stat().st_gid) == (999, 998)
    assert pod.written()["secrets/url"][1] == 0o440


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ({}, ["Secret vault: key certificate is missing", "Secret vault: key password is missing"]),
        ({"password": b"\n", "certificate": b"\xff"}, ["certificate is not UTF-8", "password is empty"]),
        ({"password": b"two\nlines", "certificate": PEM.encode()}, ["password has to be one line"]),
        (
            {"password": b"p@ss/word", "certificate": PEM.encode()},
            ["password may have letters, digits and . _ ~ - only: it stands inside of secrets/url"],
        ),
    ],
)
def test_what_is_wrong_is_told_at_once_without_a_value_and_nothing_is_written(
    tmp_path: Path, secret: dict[str, bytes], told: list[str]
) -> None:
    pod = Pod(tmp_path, secret)
    done = pod.run()
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == len(told)
    for line, part in zip(lines, told, strict=True):
        assert part in line
    assert "p@ss" not in done.stderr
    assert pod.written() == {}
