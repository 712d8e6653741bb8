"""Everything but chat, on Starlette: sessions, the list of models, probes and metrics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from . import __version__
from .chat_request import check_message, invalid, parse_object
from .errors import ApiError
from .exchange import Exchange
from .sessions import MOST_MESSAGES, Sessions

if TYPE_CHECKING:
    from .app import Bridge

LONGEST_TITLE = 200
STARTED = int(time.time())


def answer(document: object, status: int = 200) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(document), status, media_type="application/json")


def _exchange(request: Request) -> Exchange:
    exchange: Exchange = request.scope["ralex.exchange"]
    return exchange


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise invalid(f"{name} must be a number from {least} to {most}", name)
    return int(text)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    raise ApiError(404, "not_found", "there is nothing at this address")


def create_router(bridge: Bridge) -> Router:
    """The routes of one bridge."""
    sessions = Sessions(bridge.database)

    async def document_of(request: Request) -> dict[str, Any]:
        return parse_object(await bridge.read_body(_exchange(request)) or b"{}")

    async def health(_: Request) -> Response:
        return answer({"status": "ok", "version": __version__})

    async def ready(_: Request) -> Response:
        is_ready, dependencies = await bridge.readiness.check()
        status = "draining" if bridge.draining() else "ready" if is_ready else "not_ready"
        return answer({"status": status, "dependencies": dependencies}, 200 if status == "ready" else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def models(request: Request) -> Response:
        await bridge.admit(_exchange(request))
        listed = [
            {"id": model, "object": "model", "created": STARTED, "owned_by": upstream}
            for model, upstream in await bridge.router.models()
        ]
        if "model" not in request.path_params:
            return answer({"object": "list", "data": listed})
        for entry in listed:
            if entry["id"] == request.path_params["model"]:
                return answer(entry)
        raise ApiError(404, "model_not_found", "there is no such model; GET /v1/models lists what there is")

    async def sessions_collection(request: Request) -> Response:
        key_name = await bridge.admit(_exchange(request))
        if request.method != "POST":
            listed = await sessions.latest(key_name, _number(request, "limit", 20, 1, 100))
            return answer({"object": "list", "data": listed})
        document = await document_of(request)
        title = document.get("title", "")
        if not isinstance(title, str) or len(title) > LONGEST_TITLE or "\0" in title:
            raise invalid(f"title must be a text of at most {LONGEST_TITLE} characters", "title")
        if unknown := sorted(set(document) - {"title"}):
            raise invalid(f"a session has no {', '.join(unknown)}; it has a title", unknown[0])
        return answer(await sessions.create(key_name, title), 201)

    async def session(request: Request) -> Response:
        key_name = await bridge.admit(_exchange(request))
        session_id = request.path_params["session"]
        if request.method == "DELETE":
            await sessions.delete(key_name, session_id)
            return answer({"id": session_id, "object": "session.deleted", "deleted": True})
        return answer(await sessions.get(key_name, session_id))

    async def messages(request: Request) -> Response:
        key_name = await bridge.admit(_exchange(request))
        session_id = request.path_params["session"]
        if request.method != "POST":
            after = _number(request, "after", 0, 0, 999_999_999)
            limit = _number(request, "limit", 100, 1, MOST_MESSAGES)
            page, has_more = await sessions.messages(key_name, session_id, after, limit)
            return answer({"object": "list", "data": page, "has_more": has_more})
        document = await document_of(request)
        given = document.get("messages", [document])
        if not isinstance(given, list) or not 0 < len(given) <= MOST_MESSAGES:
            raise invalid(f"messages must be a list of 1 to {MOST_MESSAGES} messages", "messages")
        for index, message in enumerate(given):
            check_message(message, f"messages[{index}]")
        return answer({"object": "list", "data": await sessions.append(key_name, session_id, given)}, 201)

    return Router(
        [
            Route("/health", health),
            Route("/ready", ready),
            Route("/metrics", metrics),
            Route("/v1/models", models),
            Route("/v1/models/{model:path}", models),
            Route("/v1/sessions", sessions_collection, methods=["GET", "POST"]),
            Route("/v1/sessions/{session}", session, methods=["GET", "DELETE"]),
            Route("/v1/sessions/{session}/messages", messages, methods=["GET", "POST"]),
        ],
        redirect_slashes=False,
        default=_not_found,
    )
