"""The Ralex API: an OpenAI-compatible bridge to one or more upstreams."""

__version__ = "0.1.0"
