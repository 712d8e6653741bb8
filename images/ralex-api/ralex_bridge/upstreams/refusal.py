"""What reaches the client of an upstream's refusal: what was found wrong, but never the upstream's own text."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Collection, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from ..errors import ApiError
from ..json_text import read

KNOWN_CODES = frozenset(
    {
        # OpenAI: what its documentation names, and the codes of its own clients' types.
        *("context_length_exceeded", "unsupported_parameter", "unsupported_value", "unknown_parameter"),
        *("missing_required_parameter", "invalid_value", "invalid_type", "invalid_json", "invalid_prompt"),
        *("invalid_function_parameters", "string_above_max_length", "string_below_min_length", "string_too_long"),
        *("array_above_max_length", "array_below_min_length", "empty_array", "empty_string"),
        *("integer_above_max_value", "integer_below_min_value", "decimal_above_max_value", "decimal_below_min_value"),
        *("model_not_found", "unsupported_model", "content_filter", "content_policy_violation", "cyber_policy"),
        *("insufficient_quota", "rate_limit_exceeded", "billing_hard_limit_reached", "billing_not_active"),
        *("invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url", "invalid_image_mode"),
        *("image_too_large", "image_too_small", "image_parse_error", "image_content_policy_violation"),
        *("image_file_too_large", "unsupported_image_media_type", "empty_image_file", "failed_to_download_image"),
        *("image_file_not_found", "server_overloaded", "server_error", "slow_down"),
        # OpenRouter: the stable error types of its documentation.
        *("max_tokens_exceeded", "token_limit_exceeded", "provider_overloaded", "provider_unavailable"),
        *("payload_too_large", "unsupported_image_format", "image_not_found", "image_download_failed"),
        # Groq, and Azure's deployments.
        *("tool_use_failed", "json_validate_failed", "model_decommissioned", "request_too_large"),
        *("DeploymentNotFound",),
    }
)
"""What a program can act on. Any other code may be free text, and is not passed on."""

TOO_LONG = re.compile(
    r"maximum (model |allowed )?(context|sequence|input|prompt) length|context[ _](length|window|size)"
    r"|(prompt|input|request) (is|was) too (long|large)|too many (input |total )?tokens|exceed_context_size",
    re.IGNORECASE,
)
"""vLLM, Ollama, llama.cpp, Together and Mistral say so in their text alone, with no code or the status as code."""

_PARAM = re.compile(r"([A-Za-z_]{1,64})(\.[A-Za-z_]{1,64}|\.\d{1,6}|\[\d{1,6}\])*")
PARAMETERS = frozenset(
    {
        *("audio", "dimensions", "encoding_format", "frequency_penalty", "function_call", "functions", "input"),
        *("logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "messages", "metadata", "modalities"),
        *("model", "n", "parallel_tool_calls", "prediction", "presence_penalty", "prompt", "reasoning"),
        *("reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop", "store"),
        *("stream", "stream_options", "temperature", "tool_choice", "tools", "top_k", "top_logprobs", "top_p"),
        *("user", "verbosity", "web_search_options"),
    }
)
"""What a refusal may name even where the request does not have it: what is missing, for instance."""

_LIMIT_NAME = re.compile(r"x-ratelimit-[a-z0-9-]{1,64}")
_LIMIT_VALUE = re.compile(r"[0-9A-Za-z.,:;=+ -]{1,64}")
MOST_LIMITS = 24
"""Limits that reach the client; OpenAI sends six, Groq and Azure about as many."""


def limits(headers: Mapping[str, str], secret: str | None) -> dict[str, str]:
    """The headers that tell a client how much it may still ask, and when again; ``Retry-After`` in whole seconds."""
    found: dict[str, str] = {}
    for given, value in headers.items():
        name = given.lower()
        if (
            len(found) < MOST_LIMITS
            and name.startswith("x-ratelimit-")
            and _LIMIT_NAME.fullmatch(name)
            and _LIMIT_VALUE.fullmatch(value)
            and not (secret and secret in value)
        ):
            found[name] = value
    if (seconds := retry_after(headers, time.time())) is not None:
        found["Retry-After"] = str(seconds)
    return found


def retry_after(headers: Mapping[str, str], now: float) -> int | None:
    """Whole seconds to wait, rounded up and never negative; None where the upstream says nothing that can be read.

    RFC 9110 has whole seconds or a date; some upstreams send fractions, OpenAI and Azure milliseconds apart.
    """
    given = headers.get("Retry-After", "").strip()
    for text, unit in ((given, 1), (headers.get("Retry-After-Ms", ""), 1000)):
        try:
            seconds = float(text.removesuffix("s")) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0, math.ceil(seconds))
    try:
        return max(0, math.ceil(parsedate_to_datetime(given).timestamp() - now))
    except (ValueError, TypeError, OverflowError):
        return None


class Reason:
    """What can be told of an upstream's error object, wherever in the body it stands.

    Args:
        document: the body, or what a stream had instead of a chunk; any value.
        text: the same as it came, for words that are looked for in it.
        members: names of the request's members; a refusal may name these.
        secret: the upstream's key, which is never repeated.
    """

    def __init__(self, document: Any, text: str, members: Collection[str], secret: str | None) -> None:
        error = _error_of(document)
        self._text = text
        self.status = next((one for name in ("status", "code") if (one := _status(error.get(name)))), None)
        metadata = error.get("metadata")
        inner = metadata.get("error_type") if isinstance(metadata, dict) else None
        stated = next((code for code in (error.get("code"), error.get("type"), inner) if _is_known(code)), None)
        self.code: str | None = stated or ("context_length_exceeded" if TOO_LONG.search(text) else None)
        self.param = _param(error.get("param"), members, secret) or _param(_location(error), members, secret)

    @classmethod
    def of_body(cls, body: bytes, members: Collection[str], secret: str | None) -> Reason:
        """Of a whole body, which may be anything."""
        try:
            document = read(body)
        except ValueError:
            document = None
        return cls(document, body.decode("utf-8", "replace"), members, secret)

    def names(self, *words: str) -> bool:
        """Whether the upstream's text has one of the words."""
        return any(word in self._text for word in words)


def is_error(document: dict[str, Any]) -> bool:
    """Whether an object is an error and not an answer. Some answers have ``"error": null``."""
    return bool(document.get("error")) or document.get("object") == "error"


def refusal(upstream: str, status: int, reason: Reason, headers: dict[str, str]) -> ApiError:
    """The client's error for an upstream's status.

    Args:
        headers: what :func:`limits` made of the upstream's.
    """
    code, param = reason.code, reason.param
    if status == 429:
        message = f"upstream {upstream} limits the rate; try again later"
        return ApiError(
            429, code or "upstream_rate_limited", message, kind="rate_limit_error", param=param, headers=headers
        )
    if status in (401, 402) or (status == 403 and code is None):
        message = f"upstream {upstream} refused Ralex's own key ({status}); the operator has to see to it"
        return ApiError(502, "upstream_refused", message, kind="server_error", headers=headers)
    if status == 404:
        message = f"upstream {upstream} does not know the model, or has nothing at this address"
        return ApiError(404, code or "model_not_found", message, param=param or "model", headers=headers)
    if 400 <= status < 500 and status not in (405, 407, 408):
        why = f": {code}" if code else " as invalid"
        where = f", at {param}" if param else ""
        message = f"upstream {upstream} rejected the request{why}{where} ({status})"
        return ApiError(status, code or "upstream_rejected", message, param=param, headers=headers)
    if status == 503 or code in ("server_overloaded", "provider_overloaded", "slow_down"):
        message = f"upstream {upstream} has no room now; try again later"
        return ApiError(503, code or "upstream_busy", message, kind="server_error", headers=headers)
    message = f"upstream {upstream} failed ({status}); try again"
    return ApiError(502, code or "upstream_error", message, kind="server_error", param=param, headers=headers)


def _error_of(document: Any) -> dict[str, Any]:
    """The error object: ``{"error": {…}}``, ``[{"error": {…}}]``, or the body itself."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return {}
    error = document.get("error")
    return error if isinstance(error, dict) else document


def _is_known(code: Any) -> bool:
    return isinstance(code, str) and code in KNOWN_CODES


def _status(code: Any) -> int | None:
    number = int(code) if isinstance(code, str) and re.fullmatch(r"[45]\d\d", code) else code
    return number if type(number) is int and 400 <= number < 600 else None


def _param(given: Any, members: Collection[str], secret: str | None) -> str | None:
    """A parameter's place, such as ``messages[0].content``; anything else may be free text."""
    found = _PARAM.fullmatch(given) if isinstance(given, str) and len(given) <= 100 else None
    if found is None or (found[1] not in PARAMETERS and found[1] not in members):
        return None
    return None if secret and secret in found[0] else found[0]


def _location(error: dict[str, Any]) -> str | None:
    """Where the first problem is, in the form of FastAPI's: ``{"detail": [{"loc": ["body", "seed"]}]}``."""
    message = error.get("message")
    detail = (message if isinstance(message, dict) else error).get("detail")
    first = detail[0] if isinstance(detail, list) and detail and isinstance(detail[0], dict) else {}
    steps = first.get("loc")
    if not isinstance(steps, list):
        return None
    steps = [str(step) for step in steps if step != "body"]
    return ".".join(steps) or None
