"""An upstream that speaks OpenAI's protocol: OpenRouter, Ollama, vLLM and others."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Collection, Mapping
from contextvars import ContextVar
from typing import Any

import aiohttp
import orjson
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from pydantic import SecretStr
from yarl import URL

from ..chat_request import ChatRequest, EmbeddingsRequest
from ..errors import ApiError, server_error
from ..json_text import read_as_clients_do, whole_characters, with_first_member, with_members
from ..metrics import UPSTREAM_ERRORS
from . import Answer, Chunk, model_list
from .events import events
from .halves import Halves
from .model_list import ListUnavailable
from .refusal import Reason, is_error, limits, refusal

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
LONGEST_REASON = 64 * 1024
REASON_SECONDS = 2.0
"""How long the text of a refusal may take; without it the status alone is told."""
REMIND_SECONDS = 300.0
"""How often the log repeats why a list of models cannot be had."""


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

    def __init__(
        self,
        name: str,
        base_url: str,
        key: SecretStr | None,
        timeout_seconds: float,
        authorities: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self._base = base_url.rstrip("/")
        self._secret = None if key is None else key.get_secret_value()
        headers = {"Content-Type": "application/json"}
        if self._secret is not None:
            headers["Authorization"] = f"Bearer {self._secret}"
        self._completions = URL(f"{self._base}/chat/completions")
        self._embeddings = URL(f"{self._base}/embeddings")
        self._seconds = timeout_seconds
        self._connect_seconds = min(CONNECT_SECONDS, timeout_seconds)
        connect = self._connect_seconds
        self._whole = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=connect)
        # Between two reads, not in all: a long stream is no fault as long as it goes on.
        self._between = aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=timeout_seconds)
        self._session = aiohttp.ClientSession(
            headers=headers,
            connector=_Connector(
                limit=0, keepalive_timeout=KEEPALIVE_SECONDS, ssl=True if authorities is None else authorities
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=1 << 16,
        )
        self._takes_stream_options: bool | None = None
        self._list_trouble: tuple[str, float] | None = None

    async def list_models(self, seconds: float) -> list[str]:
        """The ids that it lists now.

        Raises:
            ListUnavailable: with the reason.
        """
        return await model_list.ask(self._session, f"{self._base}/models", seconds)

    async def models(self) -> list[str]:
        try:
            listed = await self.list_models(READY_SECONDS)
        except ListUnavailable as error:
            self._log_list_trouble(str(error))
            return []
        if self._list_trouble is not None:
            self._list_trouble = None
            log.info("the upstream's list of models can be had again", extra={"upstream": self.name})
        return listed

    def _log_list_trouble(self, reason: str) -> None:
        """One line for each reason, and again after a while; lists are asked for every few seconds."""
        now = time.monotonic()
        if self._list_trouble is None or self._list_trouble[0] != reason or now >= self._list_trouble[1]:
            self._list_trouble = (reason, now + REMIND_SECONDS)
            log.warning("the upstream's list of models cannot be had", extra={"upstream": self.name, "reason": reason})

    async def complete(self, request: ChatRequest, model: str) -> Answer:
        return await self._answer(self._completions, _body(request, model), request.document, "choices")

    async def embed(self, request: EmbeddingsRequest, model: str) -> Answer:
        return await self._answer(self._embeddings, _body(request, model), request.document, "data")

    async def _answer(self, url: URL, body: bytes, members: Collection[str], list_name: str) -> Answer:
        async with _Call(self, url, body, self._whole, members=members) as response:
            try:
                text = await _read(response)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise self._failure(error) from None
            except ValueError:
                raise self._garbled() from None
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            try:
                document = whole_characters(read_as_clients_do(text))
                text = orjson.dumps(document)
            except (ValueError, TypeError):
                raise self._garbled() from None
        if isinstance(document, dict) and isinstance(document.get(list_name), list):
            return Answer(document, text, limits(response.headers, self._secret))
        if isinstance(document, dict) and is_error(document):
            raise self._reported(document, text, members)
        raise self._garbled()

    async def stream(self, request: ChatRequest, model: str, heard: dict[str, str]) -> AsyncGenerator[Chunk]:
        asking, plain = _stream_bodies(request, model)
        if self._takes_stream_options is False:
            asking = plain
        is_finished = False
        halves = Halves()
        async with _Call(
            self, self._completions, asking, self._between, members=request.document, plain=plain
        ) as response:
            heard.update(limits(response.headers, self._secret))
            try:
                async for event in events(response.content.iter_any()):
                    if event is None:
                        await _drain(response)
                        return
                    chunk, raw = event
                    if not isinstance(chunk, dict):
                        # Nothing that an answer could be in: another way to keep a connection alive.
                        continue
                    if is_error(chunk):
                        raise self._reported(chunk, raw or b"", request.document)
                    if raw is None or halves.any:
                        chunk, raw = halves.join(chunk), None
                    choices = chunk.get("choices")
                    is_finished = is_finished or (isinstance(choices, list) and any(map(_finishes, choices)))
                    yield Chunk(chunk, raw)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise self._failure(error) from None
            except ValueError:
                raise self._garbled() from None
        if not (is_finished or _is_framed(response)):
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

    def may_mind_stream_options(self, reason: Reason) -> bool:
        """Whether a refusal may be because of the ``stream_options`` that the client did not send.

        So are those that say nothing at all. A refused request costs nothing, so that asking again is no waste.
        """
        return _names_stream_options(reason) or (reason.code is None and reason.param is None)

    def forgo_stream_options(self, reason: Reason) -> None:
        """Remembers, for as long as the process lives, that this upstream answers without ``stream_options`` alone.

        One that took them before, and now does not say what it minds, may mean one of its models; then it is asked with
        them first as before.
        """
        if self._takes_stream_options is None or _names_stream_options(reason):
            self._takes_stream_options = False
            log.warning("the upstream refuses stream_options and is asked without", extra={"upstream": self.name})

    def note_stream_options_taken(self) -> None:
        """Remembers that this upstream knows ``stream_options``."""
        self._takes_stream_options = True

    def _failure(self, error: Exception) -> ApiError:
        if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError):
            UPSTREAM_ERRORS.labels(self.name, "timeout").inc()
            why = f"no answer within the {self._seconds:g} s of upstreamTimeoutSeconds"
            log.warning("upstream is too slow", extra={"upstream": self.name, "reason": why})
            message = (
                f"upstream {self.name} did not answer within {self._seconds:g} s; try again, or have the operator raise"
                " the setting upstreamTimeoutSeconds (a model that has to be loaded first may take minutes)"
            )
            return server_error(504, "upstream_timeout", message)
        UPSTREAM_ERRORS.labels(self.name, "unreachable").inc()
        why = model_list.reason(error, self._connect_seconds)
        log.warning("upstream is unreachable", extra={"upstream": self.name, "reason": why})
        return server_error(502, "upstream_unreachable", f"upstream {self.name} cannot be reached; try again")

    def _garbled(self) -> ApiError:
        UPSTREAM_ERRORS.labels(self.name, "garbled").inc()
        return server_error(502, "upstream_garbled", f"upstream {self.name} answered something that is not an answer")

    def _reported(self, document: dict[str, Any], text: bytes, members: Collection[str]) -> ApiError:
        """An error that came with status 200, as OpenRouter's do once it has begun to answer."""
        reason = Reason(document, text.decode("utf-8", "replace"), members, self._secret)
        return self._refusal(reason.status or 502, reason, {})

    def _refusal(self, status: int, reason: Reason, headers: Mapping[str, str]) -> ApiError:
        UPSTREAM_ERRORS.labels(self.name, str(status)).inc()
        log.warning("upstream refused", extra={"upstream": self.name, "status": status, "reason": reason.code})
        return refusal(self.name, status, reason, limits(headers, self._secret))


class _Call:
    """A request to the upstream whose failures and refusals are raised as ApiError on entry.

    Args:
        members: names of the request's members.
        plain: the same request without the ``stream_options`` that were added to it.
    """

    __slots__ = ("_body", "_members", "_plain", "_response", "_timeout", "_upstream", "_url")

    def __init__(
        self,
        upstream: OpenAiUpstream,
        url: URL,
        body: bytes,
        timeout: aiohttp.ClientTimeout,
        *,
        members: Collection[str],
        plain: bytes | None = None,
    ) -> None:
        self._upstream = upstream
        self._url = url
        self._body = body
        self._timeout = timeout
        self._members = members
        self._plain = None if plain == body else plain
        self._response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        upstream = self._upstream
        response = self._response = await self._ask(self._body)
        if not _is_success(response):
            reason = await self._reason(response)
            if self._plain is None or response.status not in (400, 422) or not upstream.may_mind_stream_options(reason):
                raise upstream._refusal(response.status, reason, response.headers)
            response = self._response = await self._ask(self._plain)
            if not _is_success(response):
                raise upstream._refusal(response.status, await self._reason(response), response.headers)
            upstream.forgo_stream_options(reason)
        elif self._plain is not None:
            upstream.note_stream_options_taken()
        return response

    async def _ask(self, body: bytes) -> aiohttp.ClientResponse:
        _connected.set(False)
        began = time.monotonic()
        try:
            try:
                return await self._send(body)
            except aiohttp.ServerDisconnectedError as error:
                # Asked again only where the upstream cannot have begun to answer, since each answer is paid for: it had
                # just closed the kept connection. aiohttp's own text says that not a byte had come.
                is_stale = not _connected.get() and time.monotonic() - began < STALE_SECONDS
                if not (is_stale and isinstance(error.message, str)):
                    raise
                return await self._send(body)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._upstream._failure(error) from None

    async def _send(self, body: bytes) -> aiohttp.ClientResponse:
        # No redirects: they would send the key elsewhere.
        return await self._upstream._session.post(self._url, data=body, timeout=self._timeout, allow_redirects=False)

    async def _reason(self, response: aiohttp.ClientResponse) -> Reason:
        """Why it refused, as far as it says so at once and in few words."""
        body = b""
        try:
            async with asyncio.timeout(REASON_SECONDS):
                while len(body) < LONGEST_REASON and (block := await response.content.readany()):
                    body += block
        except (aiohttp.ClientError, TimeoutError):
            pass
        if response.content.at_eof():
            response.release()
        else:
            response.close()
        return Reason.of_body(body, self._members, self._upstream._secret)

    async def __aexit__(self, *raised: Any) -> None:
        if self._response is not None:
            # Gives the connection back after a whole answer and cuts it after anything less.
            if raised[0] is None and self._response.content.at_eof():
                self._response.release()
            else:
                self._response.close()


def _body(request: ChatRequest | EmbeddingsRequest, model: str) -> bytes:
    """What was sent, for the model by its name at the upstream."""
    return request.body if model == request.model else with_members(request.body, {"model": orjson.dumps(model)})


def _stream_bodies(request: ChatRequest, model: str) -> tuple[bytes, bytes]:
    """The request with usage asked for, and without what the client did not ask for.

    A client that asks for usage and nothing else gets it either way: where the upstream tells none, it is estimated.
    """
    plain = _body(request, model)
    options = request.document.get("stream_options")
    if not options:
        if "stream_options" in request.document:
            plain = with_members(plain, {"stream_options": None})
        return with_first_member(plain, "stream_options", b'{"include_usage":true}'), plain
    without = with_members(plain, {"stream_options": None}) if set(options) == {"include_usage"} else plain
    if request.include_usage:
        return plain, without
    return with_members(plain, {"stream_options": orjson.dumps({**options, "include_usage": True})}), without


def _names_stream_options(reason: Reason) -> bool:
    return reason.names("stream_options", "include_usage")


def _is_success(response: aiohttp.ClientResponse) -> bool:
    return 200 <= response.status < 300


def _is_framed(response: aiohttp.ClientResponse) -> bool:
    """Whether the body's end was told, so that a connection that broke off cannot be taken for it."""
    return response.content_length is not None or "chunked" in response.headers.get("Transfer-Encoding", "").lower()


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
