"""Lets pages of configured origins ask the bridge from a browser (CORS)."""

from __future__ import annotations

from collections.abc import Set

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

METHODS = ("GET", "POST", "DELETE")
EXPOSED = (
    *("x-request-id", "x-ralex-session", "x-ralex-cache", "retry-after"),
    *("x-ratelimit-limit-requests", "x-ratelimit-limit-tokens"),
    *("x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens"),
    *("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"),
)
"""What a page may read of an answer's head beside what any page may."""
PREFLIGHT_SECONDS = 600


def open_to(origins: Set[str], bridge: ASGIApp) -> ASGIApp:
    """The bridge for pages of these origins too; ``*`` is any. Preflights, which carry no key, are answered here.

    A key in ``Authorization`` is what lets a page in, never a cookie, so that one page cannot use another's.
    """
    if not origins:
        return bridge
    return CORSMiddleware(
        bridge,
        allow_origins=sorted(origins),
        allow_methods=METHODS,
        # Clients send headers of their own, the official one about ten, and a preflight names them.
        allow_headers=["*"],
        expose_headers=EXPOSED,
        max_age=PREFLIGHT_SECONDS,
    )
