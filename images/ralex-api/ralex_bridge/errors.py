"""Errors in the shape that OpenAI's clients understand."""

from __future__ import annotations

import orjson


class ApiError(Exception):
    """An answer other than success.

    Args:
        status: HTTP status.
        code: stable machine-readable name of what went wrong.
        message: what is wrong and what to do; never holds a secret or an upstream's own text.
        kind: OpenAI's ``type``.
        headers: further response headers, ``Retry-After`` for instance.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.kind = kind
        self.param = param
        self.headers = headers or {}

    def body(self) -> bytes:
        """The JSON document of this error."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return orjson.dumps({"error": error})


def server_error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> ApiError:
    """An error that is not the caller's fault."""
    return ApiError(status, code, message, kind="server_error", headers=headers)
