"""A chat request, checked as far as Ralex itself depends on it; the rest is the upstream's to judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from .errors import ApiError
from .json_text import read
from .structure import DEEPEST, excess, is_too_deep

LONGEST_MODEL_NAME = 200
ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What was asked: as sent, and the parts that Ralex looks at."""

    body: bytes
    document: dict[str, Any]
    model: str
    messages: list[dict[str, Any]]
    stream: bool
    include_usage: bool


@dataclass(frozen=True, slots=True)
class EmbeddingsRequest:
    """What is to be embedded: as sent, and the parts that Ralex looks at."""

    body: bytes
    document: dict[str, Any]
    model: str


def invalid(message: str, param: str | None = None) -> ApiError:
    """A request that can never succeed as it is."""
    return ApiError(400, "invalid_request", message, param=param)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds.

    Raises:
        ApiError: status 400 for anything else, and for what has more structure than any request needs.
    """
    if (too_much := excess(body)) is not None:
        raise invalid(f"the body has {too_much}")
    try:
        document = read(body)
    except orjson.JSONDecodeError as error:
        raise invalid(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(document, dict):
        raise invalid("the body must be a JSON object")
    # Each level takes two bytes, so most bodies cannot be too deep.
    if len(body) > 2 * DEEPEST and is_too_deep(document):
        raise invalid(f"the body has objects and lists nested more than {DEEPEST} levels deep")
    return document


def check_message(message: Any, place: str) -> None:
    """Checks one message of a conversation; ``place`` names it in the error.

    Raises:
        ApiError: status 400.
    """
    if not isinstance(message, dict):
        raise invalid(f"{place} must be an object", "messages")
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise invalid(f"{place}.role must be one of {', '.join(sorted(ROLES))}", "messages")
    if not isinstance(message.get("content"), (str, list, type(None))):
        raise invalid(f"{place}.content must be a text or a list of parts", "messages")


def parse(body: bytes) -> ChatRequest:
    """Parses and checks the body of a chat request.

    Raises:
        ApiError: status 400, naming the first field that is wrong.
    """
    document = parse_object(body)
    model = _model(document)
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("messages must be a list of at least one message", "messages")
    for index, message in enumerate(messages):
        check_message(message, f"messages[{index}]")
    stream = document.get("stream", False)
    if stream is not None and not isinstance(stream, bool):
        raise invalid("stream must be true or false", "stream")
    options = document.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise invalid("stream_options must be an object", "stream_options")
    include_usage = bool(options and options.get("include_usage") is True)
    return ChatRequest(body, document, model, messages, bool(stream), include_usage)


def parse_embeddings(body: bytes) -> EmbeddingsRequest:
    """Parses and checks the body of a request for embeddings.

    Raises:
        ApiError: status 400, naming the first field that is wrong.
    """
    document = parse_object(body)
    model = _model(document)
    given = document.get("input")
    if not isinstance(given, (str, list)) or not given:
        raise invalid("input must be a text or a list that is not empty", "input")
    return EmbeddingsRequest(body, document, model)


def _model(document: dict[str, Any]) -> str:
    model = document.get("model")
    if not isinstance(model, str) or not model:
        raise invalid("model must be a text that is not empty; GET /v1/models lists what there is", "model")
    if len(model) > LONGEST_MODEL_NAME or not model.isprintable():
        raise invalid(f"model must be at most {LONGEST_MODEL_NAME} printable characters", "model")
    return model


def text_of(message: dict[str, Any]) -> str:
    """The text of a message; parts that are not text count as nothing."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
        return "".join(part for part in parts if isinstance(part, str))
    return ""
