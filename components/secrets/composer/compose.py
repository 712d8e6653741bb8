"""Writes a service's files before it starts: plain ones as they are, secret ones composed of somebody's secrets.

Usage: ``python3.11 compose.py SOURCES DESTINATION [UID:GID [FOLDER …]]``. SOURCES holds ``files.json``, a folder
``plain`` and, by key, the values in a folder ``secret``: a Secret of Kubernetes, or those of Compose. ``files.json`` is
``{"secret": NAME, "plain": [PATH], "composed": [{"path", "mode", "parts": [TEXT | {"secret", "form"}]}]}``; paths are
relative to DESTINATION. With an owner, who runs it as root gives that user the files, and the folders that are named:
volumes that are still nobody's. Nothing of a value is ever written but into the files, and the standard library is
enough.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

PLAIN_MODE = 0o444
FORMS: dict[str, Callable[[str], str]] = {
    "value": lambda value: value,
    # As JavaScript's encodeURIComponent.
    "url": lambda value: quote(value, safe="!'()*"),
    "json": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "sha256": lambda value: hashlib.sha256(value.encode()).hexdigest(),
    "htpasswd": lambda value: "{SHA}" + base64.b64encode(hashlib.sha1(value.encode()).digest()).decode(),
}
"""As components/secrets/forms.ts has them."""
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")
"""What reads the same in a URL, in JSON and in a configuration file."""
LARGEST = 64 * 1024


class SecretError(Exception):
    """What is wrong with one key; the value is not repeated."""


def value_of(folder: Path, key: str) -> str:
    """A key's value; the line end that editors and ``echo`` add to a password is left out."""
    try:
        text = (folder / key).read_bytes()[: LARGEST + 1].decode("utf-8")
    except FileNotFoundError:
        raise SecretError("is missing") from None
    except UnicodeDecodeError:
        raise SecretError("is not UTF-8") from None
    if text.startswith("-----BEGIN"):
        return text.rstrip("\r\n") + "\n"
    text = text.rstrip("\r\n")
    if text == "":
        raise SecretError("is empty")
    if len(text) > LARGEST or not text.isprintable():
        raise SecretError("has to be one line of printable characters")
    return text


def compose(parts: list[Any], values: dict[str, str]) -> str:
    """The text of a file."""
    return "".join(part if isinstance(part, str) else FORMS[part["form"]](values[part["secret"]]) for part in parts)


def problems_of(file: dict[str, Any], values: dict[str, str]) -> set[str]:
    """What would read otherwise where it stands among other text."""
    inside = [part for part in file["parts"] if not isinstance(part, str) and part["form"] == "value"]
    if len(file["parts"]) == 1:
        return set()
    return {
        f"key {part['secret']} may have letters, digits and . _ ~ - only: it stands inside of {file['path']}"
        for part in inside
        if part["secret"] in values and UNRESERVED.fullmatch(values[part["secret"]]) is None
    }


Owner = tuple[int, int]


def write(path: Path, content: bytes, mode: int, owner: Owner | None) -> None:
    """Puts a file in place; a run that was cut short before may have left one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
    path.chmod(mode)
    if owner is not None:
        os.chown(path, *owner)


def main(sources: Path, destination: Path, owner: Owner | None = None, folders: Sequence[str] = ()) -> list[str]:
    """Writes every file, or none; returns what is wrong."""
    description = json.loads((sources / "files.json").read_text(encoding="utf-8"))
    composed: list[dict[str, Any]] = description["composed"]
    keys = sorted({part["secret"] for file in composed for part in file["parts"] if not isinstance(part, str)})
    values: dict[str, str] = {}
    problems: set[str] = set()
    for key in keys:
        try:
            values[key] = value_of(sources / "secret", key)
        except SecretError as error:
            problems.add(f"key {key} {error}")
    for file in composed:
        problems |= problems_of(file, values)
    if problems:
        return [f"Secret {description['secret']}: {problem}" for problem in sorted(problems)]
    for path in description["plain"]:
        write(destination / path, (sources / "plain" / path).read_bytes(), PLAIN_MODE, owner)
    for file in composed:
        write(destination / file["path"], compose(file["parts"], values).encode(), int(file["mode"], 8), owner)
    if owner is not None:
        for folder in folders:
            os.chown(folder, *owner)
    return []


if __name__ == "__main__":
    uid, _, gid = sys.argv[3].partition(":") if len(sys.argv) > 3 else ("", "", "")
    found = main(Path(sys.argv[1]), Path(sys.argv[2]), (int(uid), int(gid)) if uid else None, sys.argv[4:])
    for problem in found:
        print(problem, file=sys.stderr)
    sys.exit(1 if found else 0)
