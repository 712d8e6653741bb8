"""What callers cannot do to the metrics."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from ralex_bridge import metrics


def tokens_of(model: str) -> float | None:
    """Completion tokens that stand under a model's name; None where there is no such name."""
    return REGISTRY.get_sample_value("ralex_tokens_total", {"model": model, "direction": "completion"})


def test_names_that_nothing_answered_take_no_room_from_the_models_that_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics, "MOST_MODELS", 2)
    monkeypatch.setattr(metrics, "_tokens", {})
    for number in range(10):
        metrics.count_tokens(f"made-up-{number}", 0, 0, answered=False)
    metrics.count_tokens("first", 1, 2, answered=True)
    metrics.count_tokens("first", 1, 3, answered=False)
    metrics.count_tokens("second", 1, 4, answered=True)
    metrics.count_tokens("third", 1, 5, answered=True)
    assert [tokens_of(model) for model in ("first", "second", "third", "made-up-0")] == [5, 4, None, None]
    assert tokens_of("other") == 5
