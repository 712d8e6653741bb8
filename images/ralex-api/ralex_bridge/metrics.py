"""What Prometheus sees."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("ralex_requests_total", "Requests by route and status.", ["route", "status"])
SECONDS = Histogram(
    "ralex_request_seconds",
    "Seconds from a request's head to the end of its answer, by route.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
RUNNING = Gauge("ralex_requests_running", "Chats and embeddings that are being answered now.")
STREAMS = Gauge("ralex_streams_running", "Answers that are being streamed now.")
TOKENS = Counter("ralex_tokens_total", "Tokens by model and direction (prompt, completion).", ["model", "direction"])
UPSTREAM_ERRORS = Counter("ralex_upstream_errors_total", "Failed calls by upstream and reason.", ["upstream", "reason"])
CACHE = Counter("ralex_cache_lookups_total", "Look-ups in the response cache by result (hit, miss).", ["result"])
LIMITED = Counter("ralex_rate_limited_total", "Requests refused by the rate limit.")
DEPENDENCY_UP = Gauge(
    "ralex_dependency_up", "1 while a dependency answers, 0 while Ralex does without.", ["dependency"]
)
USAGE_PENDING = Gauge("ralex_usage_pending", "Usage records that are not in Postgres yet.")
USAGE_DROPPED = Counter("ralex_usage_dropped_total", "Usage records given up: Postgres was away too long or refused.")

MOST_MODELS = 200
"""Models with counters of their own; the rest is ``other``. A caller chooses the name, so their number is bounded."""

# Looking a labelled child up costs more than counting in it, so children are kept.
_requests: dict[tuple[str, int], Counter] = {}
_seconds: dict[str, Histogram] = {}
_tokens: dict[str, tuple[Counter, Counter]] = {}


def observe(route: str, status: int, seconds: float) -> None:
    """Counts one answered request."""
    counter = _requests.get((route, status))
    if counter is None:
        counter = _requests[route, status] = REQUESTS.labels(route, str(status))
    counter.inc()
    histogram = _seconds.get(route)
    if histogram is None:
        histogram = _seconds[route] = SECONDS.labels(route)
    histogram.observe(seconds)


def count_tokens(model: str, prompt: int, completion: int, *, answered: bool) -> None:
    """Counts the tokens of one request. Only an answer makes a model known: names that are made up get none."""
    counters = _tokens.get(model)
    if counters is None:
        label = model if answered and len(_tokens) < MOST_MODELS else "other"
        counters = (TOKENS.labels(label, "prompt"), TOKENS.labels(label, "completion"))
        if label == model:
            _tokens[model] = counters
    counters[0].inc(prompt)
    counters[1].inc(completion)
