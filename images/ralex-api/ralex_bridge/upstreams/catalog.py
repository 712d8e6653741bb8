"""Makes the configured upstreams."""

from __future__ import annotations

from ..settings import Configuration, authorities_with
from . import Upstream
from .echo import EchoUpstream
from .openai import OpenAiUpstream


def create(configuration: Configuration) -> dict[str, Upstream]:
    """The upstreams by name, in order of preference. Needs a running event loop."""
    made: dict[str, Upstream] = {}
    for entry in configuration.routing.upstreams:
        if entry.kind == "echo":
            made[entry.name] = EchoUpstream(entry.name)
        else:
            key = configuration.upstream_keys.get(entry.name)
            timeout = configuration.settings.upstream_timeout_seconds
            authorities = None if entry.ca_file is None else authorities_with(entry.ca_file)
            made[entry.name] = OpenAiUpstream(entry.name, entry.base_url or "", key, timeout, authorities)
    return made
