"""The bridge as an ASGI application: lets callers in, sends each request to its handler, accounts for the answer."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable

import orjson
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from . import metrics
from .accounting import CLIENT_GONE
from .chat import Chat
from .database import Database
from .embeddings import Embeddings
from .errors import ApiError, server_error
from .exchange import Disconnected, Exchange, LargeBodies
from .limits import RateLimit, ResponseCache
from .logs import output, request_id, timestamp
from .readiness import Readiness
from .routes import create_router
from .routing import Router
from .sessions import Sessions
from .settings import Configuration
from .store import Store
from .upstreams import catalog
from .usage import UsageLog

log = logging.getLogger("ralex.app")

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
PROBES = frozenset({"/health", "/ready", "/metrics"})
"""Asked every few seconds: their access lines are for debugging only."""
ROUTES = (*sorted(PROBES), "/v1/models", "/v1/sessions")
FLUSH_SECONDS = 4.0
"""How long the last usage records may take; the orchestrator allows 5 s beyond the grace period."""


class Bridge:
    """Needs a running event loop from the start."""

    def __init__(self, configuration: Configuration, draining: Callable[[], bool]) -> None:
        settings = configuration.settings
        self.draining = draining
        self._settings = settings
        # Looked up by digest: how long that takes says nothing about any key.
        self._names = {key.sha256: key.name for key in configuration.api_keys}
        self.database = Database(configuration.database_url)
        self._redis = Store(configuration.redis_url)
        self._limit = RateLimit(self._redis, settings.rate_limit_per_minute)
        self._usage = UsageLog(self.database, settings.usage_flush_seconds)
        self._upstreams = catalog.create(configuration)
        self.router = Router(configuration.routing, self._upstreams)
        self.readiness = Readiness(settings.ready_requires, self.database, self._redis, list(self._upstreams.values()))
        cache = ResponseCache(self._redis, settings.cache_ttl_seconds)
        self._embeddings = Embeddings(self.router, self._usage)
        self._chat = Chat(self.router, cache, Sessions(self.database), self._usage)
        self._routes = create_router(self)
        self._large = LargeBodies(settings.max_body_bytes)
        self._info = log.isEnabledFor(logging.INFO)
        self._debug = log.isEnabledFor(logging.DEBUG)

    async def start(self) -> None:
        """Connects to what is there; what is not is found later."""
        self._usage.start()
        self.router.refresh()
        await asyncio.gather(self._redis.start(), self.database.state() if self.database.configured else _nothing())

    async def stop(self) -> None:
        """Writes what is not yet written and gives everything back."""
        await self._usage.close(FLUSH_SECONDS)
        closing = [self._redis.close(), self.database.close(), *(one.close() for one in self._upstreams.values())]
        await asyncio.gather(*closing, return_exceptions=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        exchange = Exchange(scope, receive, send)
        request_id.set(exchange.id)
        try:
            await self._dispatch(exchange)
        except ApiError as error:
            await self._refuse(exchange, error)
        except HTTPException as error:
            headers = dict(error.headers or {})
            await self._refuse(exchange, ApiError(error.status_code, "not_allowed", error.detail, headers=headers))
        except Disconnected:
            exchange.status = CLIENT_GONE
        except asyncio.CancelledError:
            await self._refuse(exchange, server_error(503, "shutting_down", "the server is shutting down; try again"))
        except Exception:
            log.exception("a request failed", extra={"method": exchange.method, "path": exchange.path})
            await self._refuse(exchange, server_error(500, "internal_error", "an error of Ralex itself; it was logged"))
        finally:
            if exchange.held:
                self._large.give(exchange.held)
            self._account(exchange)

    async def admit(self, exchange: Exchange) -> str:
        """Checks the caller's key and counts the request; returns the key's name.

        Raises:
            ApiError: status 401 or 429.
        """
        scheme, _, key = exchange.headers.get(b"authorization", b"").partition(b" ")
        name = self._names.get(hashlib.sha256(key.strip()).hexdigest()) if scheme.lower() == b"bearer" else None
        if name is None:
            message = "a valid API key is needed: send it as 'Authorization: Bearer <key>'"
            headers = {"WWW-Authenticate": "Bearer"}
            raise ApiError(401, "invalid_api_key", message, kind="authentication_error", headers=headers)
        exchange.key_name = name
        await self._limit.spend(name)
        return name

    async def read_body(self, exchange: Exchange) -> bytes:
        """The body within the configured bounds."""
        settings = self._settings
        return await exchange.body(settings.max_body_bytes, settings.body_timeout_seconds, self._large)

    async def _dispatch(self, exchange: Exchange) -> None:
        if exchange.path in (CHAT, EMBEDDINGS):
            exchange.route = exchange.path
            if exchange.method != "POST":
                raise ApiError(405, "not_allowed", "this is asked with POST", headers={"Allow": "POST"})
            await self.admit(exchange)
            handler = self._chat if exchange.path == CHAT else self._embeddings
            with metrics.RUNNING.track_inprogress():
                await handler.handle(exchange, await self.read_body(exchange))
            return
        scope = exchange.scope
        scope["ralex.exchange"] = exchange
        # With an "app" in its scope Starlette raises what it would otherwise answer in plain text.
        scope["app"] = self
        try:
            await self._routes(scope, exchange.receive, exchange.send)
        finally:
            # A route's name, not the path: the latter is the caller's choice, and each would be a time series.
            exchange.route = next((known for known in ROUTES if exchange.path.startswith(known)), "other")

    @staticmethod
    async def _refuse(exchange: Exchange, error: ApiError) -> None:
        if not exchange.begun:
            await exchange.refuse(error)

    def _account(self, exchange: Exchange) -> None:
        seconds = time.perf_counter() - exchange.started
        metrics.observe(exchange.route, exchange.status, seconds)
        if not (self._info if exchange.path not in PROBES or exchange.status >= 400 else self._debug):
            return
        line = {
            "time": timestamp(time.time()),
            "level": "info",
            "logger": "ralex.access",
            "message": "request",
            "request_id": exchange.id,
            "method": exchange.method,
            "path": exchange.path,
            "status": exchange.status,
            "seconds": round(seconds, 6),
            "key": exchange.key_name,
            "model": exchange.model,
            "upstream": exchange.upstream,
            "reason": exchange.reason,
        }
        output.write(orjson.dumps(line))


async def _nothing() -> None:
    return None
