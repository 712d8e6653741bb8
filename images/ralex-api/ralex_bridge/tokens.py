"""Token counts where an upstream reports none."""

from __future__ import annotations

import math

CHARACTERS_A_TOKEN = 4
"""Rule of thumb for English text from OpenAI's help pages; counts made with it are estimates."""


def estimate(text: str) -> int:
    """About how many tokens a text has; 0 for the empty text."""
    return math.ceil(len(text) / CHARACTERS_A_TOKEN)
