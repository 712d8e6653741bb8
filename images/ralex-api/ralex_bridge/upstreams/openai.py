"""An upstream that speaks OpenAI's protocol: OpenRouter, Ollama, vLLM and others."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextvars import ContextVar
from typing import Any

import aiohttp
import orjson
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from pydantic import SecretStr
from yarl import URL

from ..chat_request import ChatRequest
from ..errors import ApiError, server_error
from ..metrics import UPSTREAM_ERRORS

log = logging.getLogger("ralex.upstream")

READY_SECONDS = 3.0
"""A readiness probe has to answer in less than the orchestrators' usual time-outs."""
CONNECT_SECONDS = 5.0
KEEPALIVE_SECONDS = 15.0
STALE_SECONDS = 1.0
"""A kept connection that the upstream had closed already fails at once; what fails later may have been worked on."""
DRAIN_SECONDS = 0.1
LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes of a whole answer; about a thousand times a long one."""
LONGEST_LINE = 4 * 1024 * 1024
"""Bytes of one server-sent event; more is not an answer but a fault."""


_connected: ContextVar[bool] = ContextVar("_connected")
"""Whether this call had to make its connection, instead of using one that was kept."""


class _Connector(aiohttp.TCPConnector):
    """Notes each connection that is made. aiohttp's traces would tell too, at the cost of every call and chunk."""

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        _connected.set(True)
        return await super()._create_connection(req, traces, timeout)


class OpenAiUpstream:
    """Calls ``base_url`` with pooled connections. What an upstream says in an error is logged nowhere and passed to
    nobody, since some repeat the key that they were called with."""

    def __init__(self, name: str, base_url: str, key: SecretStr | None, timeout_seconds: float) -> None:
        self.name = name
        self._base = base_url.rstrip("/")
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key.get_secret_value()}"
        self._completions = URL(f"{self._base}/chat/completions")
        connect = min(CONNECT_SECONDS, timeout_seconds)
        self._whole = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=connect)
        # Between two reads, not in all: a long stream is no fault as long as it goes on.
        self._between = aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=timeout_seconds)
        self._session = aiohttp.ClientSession(
            headers=headers,
            connector=_Connector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=1 << 16,
        )

    async def models(self) -> list[str]:
        try:
            async with self._session.get(f"{self._base}/models", timeout=_within(READY_SECONDS)) as response:
                if response.status != 200:
                    return []
                document = orjson.loads(await response.read())
                return [str(entry["id"]) for entry in document["data"]]
        except (aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError):
            return []

    async def complete(self, request: ChatRequest, model: str) -> dict[str, Any]:
        async with self._post({**request.document, "model": model, "stream": False}, self._whole) as response:
            try:
                document = orjson.loads(await _read(response))
            except (aiohttp.ClientError, TimeoutError) as error:
                raise self._failure(error) from None
            except ValueError:
                raise self._garbled() from None
        if not isinstance(document, dict) or not isinstance(document.get("choices"), list):
            raise self._garbled()
        return document

    async def stream(self, request: ChatRequest, model: str) -> AsyncGenerator[dict[str, Any]]:
        options = {**(request.document.get("stream_options") or {}), "include_usage": True}
        document = {**request.document, "model": model, "stream": True, "stream_options": options}
        finished = False
        async with self._post(document, self._between) as response:
            try:
                async for line in _lines(response.content):
                    if not line.startswith(b"data:"):
                        continue
                    data = line[5:].strip()
                    if data == b"[DONE]":
                        await _drain(response)
                        return
                    chunk = orjson.loads(data)
                    if not isinstance(chunk, dict) or "error" in chunk or not isinstance(chunk.get("choices"), list):
                        raise self._garbled()
                    finished = finished or any(_finishes(choice) for choice in chunk["choices"])
                    yield chunk
            except (aiohttp.ClientError, TimeoutError) as error:
                raise self._failure(error) from None
            except ValueError:
                raise self._garbled() from None
        if not finished:
            # Ended without its end mark: a process that died looks like this where the length is not framed.
            raise self._garbled()

    async def ready(self) -> bool:
        try:
            async with self._session.get(f"{self._base}/models", timeout=_within(READY_SECONDS)) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        await self._session.close()

    def _post(self, document: dict[str, Any], timeout: aiohttp.ClientTimeout) -> _Call:
        return _Call(self, self._completions, orjson.dumps(document), timeout)

    def _failure(self, error: Exception) -> ApiError:
        if isinstance(error, TimeoutError):
            UPSTREAM_ERRORS.labels(self.name, "timeout").inc()
            return server_error(504, "upstream_timeout", f"upstream {self.name} did not answer in time; try again")
        UPSTREAM_ERRORS.labels(self.name, "unreachable").inc()
        log.warning("upstream is unreachable", extra={"upstream": self.name, "reason": type(error).__name__})
        return server_error(502, "upstream_unreachable", f"upstream {self.name} cannot be reached; try again")

    def _garbled(self) -> ApiError:
        UPSTREAM_ERRORS.labels(self.name, "garbled").inc()
        return server_error(502, "upstream_garbled", f"upstream {self.name} answered something that is not an answer")

    def _refusal(self, response: aiohttp.ClientResponse) -> ApiError:
        status = response.status
        UPSTREAM_ERRORS.labels(self.name, str(status)).inc()
        log.warning("upstream refused", extra={"upstream": self.name, "status": status})
        if status == 429:
            after = response.headers.get("Retry-After", "")
            headers = {"Retry-After": after} if after.isdigit() else {}
            message = f"upstream {self.name} limits the rate; try again later"
            return ApiError(429, "upstream_rate_limited", message, kind="rate_limit_error", headers=headers)
        if status in (400, 413, 422):
            return ApiError(
                400, "upstream_rejected", f"upstream {self.name} rejected the request as invalid ({status})"
            )
        if status == 404:
            return ApiError(404, "model_not_found", f"upstream {self.name} does not know the model", param="model")
        if status in (401, 402, 403):
            message = f"upstream {self.name} refused Ralex's own key ({status}); the operator has to see to it"
            return server_error(502, "upstream_refused", message)
        return server_error(502, "upstream_error", f"upstream {self.name} failed ({status}); try again")


class _Call:
    """A request to the upstream whose failures and refusals are raised as ApiError on entry."""

    __slots__ = ("_body", "_response", "_timeout", "_upstream", "_url")

    def __init__(self, upstream: OpenAiUpstream, url: URL, body: bytes, timeout: aiohttp.ClientTimeout) -> None:
        self._upstream = upstream
        self._url = url
        self._body = body
        self._timeout = timeout
        self._response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        _connected.set(False)
        began = time.monotonic()
        try:
            try:
                response = await self._send()
            except aiohttp.ServerDisconnectedError as error:
                # Asked again only where the upstream cannot have begun to answer, since each answer is paid for: it had
                # just closed the kept connection. aiohttp's own text says that not a byte had come.
                is_stale = not _connected.get() and time.monotonic() - began < STALE_SECONDS
                if not (is_stale and isinstance(error.message, str)):
                    raise
                response = await self._send()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._upstream._failure(error) from None
        self._response = response
        if response.status != 200:
            response.close()
            raise self._upstream._refusal(response)
        return response

    async def _send(self) -> aiohttp.ClientResponse:
        # No redirects: they would send the key elsewhere.
        return await self._upstream._session.post(
            self._url, data=self._body, timeout=self._timeout, allow_redirects=False
        )

    async def __aexit__(self, *raised: Any) -> None:
        if self._response is not None:
            # Gives the connection back after a whole answer and cuts it after anything less.
            if raised[0] is None and self._response.content.at_eof():
                self._response.release()
            else:
                self._response.close()


def _finishes(choice: Any) -> bool:
    return isinstance(choice, dict) and choice.get("finish_reason") is not None


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Reads the frame that ends a body: the connection can be kept then, which spares the next call a handshake."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while not response.content.at_eof():
                await response.content.readany()
    except (aiohttp.ClientError, TimeoutError):
        pass


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body up to the bound, whether or not its length was declared."""
    if (response.content_length or 0) > LARGEST_ANSWER:
        raise ValueError("answer too large")
    if response.content_length is not None and "Content-Encoding" not in response.headers:
        return await response.read()
    blocks = []
    size = 0
    async for block in response.content.iter_any():
        blocks.append(block)
        size += len(block)
        if size > LARGEST_ANSWER:
            raise ValueError("answer too large")
    return b"".join(blocks)


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length up to the bound; aiohttp's own reader refuses lines longer than its buffer."""
    rest = b""
    async for block in content.iter_any():
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > LONGEST_LINE:
            raise ValueError("line too long")
    if rest:
        yield rest
