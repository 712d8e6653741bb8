"""An upstream's list of models, and why it cannot be had where it cannot."""

from __future__ import annotations

import os
import socket
import ssl
from typing import Any

import aiohttp

from ..json_text import read_as_clients_do, whole_characters

LONGEST = 16 * 1024 * 1024
"""Bytes of a list; OpenRouter's is half a MiB."""


class ListUnavailable(Exception):
    """Why a list cannot be had: without a key, and without the upstream's own text."""


async def ask(session: aiohttp.ClientSession, url: str, seconds: float) -> list[str]:
    """The ids that an upstream lists.

    Raises:
        ListUnavailable: with the reason.
    """
    try:
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with session.get(url, timeout=timeout, allow_redirects=False) as response:
            if response.status != 200:
                raise ListUnavailable(_status(response.status))
            body = await response.content.read(LONGEST)
            while body and len(body) < LONGEST and (more := await response.content.read(LONGEST - len(body))):
                body += more
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ListUnavailable(reason(error, seconds)) from None
    try:
        return _ids(read_as_clients_do(body))
    except ValueError:
        raise ListUnavailable("the answer is not a list of models; the base URL should end in /v1") from None


def reason(error: Exception, seconds: float) -> str:
    """Why a call failed, in words. A foreign exception's own text may quote an address with what stands in it."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error.__cause__ or error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "") or "unknown authority"
        return f"its certificate is not trusted ({why}); a private authority goes into upstreamCaCertificate"
    if isinstance(error, aiohttp.ClientSSLError) or isinstance(cause, ssl.SSLError):
        return "it does not speak TLS as asked; is the scheme of its URL right?"
    if isinstance(error, aiohttp.ClientConnectorDNSError) or isinstance(cause, socket.gaierror):
        return "its name is not known"
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it closed the connection without an answer"
    if isinstance(cause, OSError) and cause.errno:
        # Not its own text, which may quote the address.
        return os.strerror(cause.errno).lower()
    return type(error).__name__


def _status(status: int) -> str:
    if status in (401, 403):
        return f"it refuses the key (HTTP {status})"
    if status == 404:
        return "there is no list at this address (HTTP 404); the base URL should end in /v1"
    if 300 <= status < 400:
        return f"it redirects (HTTP {status}), which is not followed with a key; set the URL that it leads to"
    return f"HTTP {status}"


def _ids(document: Any) -> list[str]:
    """Ids of ``{"data": [{"id"}]}``, or of the list itself (Together). Ollama without a model has ``"data": null``."""
    entries = document.get("data", document.get("models", ...)) if isinstance(document, dict) else document
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise ValueError("not a list")
    found = (entry.get("id") or entry.get("name") if isinstance(entry, dict) else entry for entry in entries)
    return [whole_characters(name) for name in found if isinstance(name, str) and name]
