"""Numbers for Prometheus. A label never holds an id of a person, and no label takes ever more values."""

from collections import defaultdict

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
MOST_VALUES = 200
OTHER = "other"

ARRIVED = Counter("xiaoer_arrivals", "Events that a door has kept, repetitions too", ["source"], registry=REGISTRY)
ACKNOWLEDGED = Histogram(
    "xiaoer_acknowledge_seconds",
    "From the request to its answer",
    ["door"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
TURNED_AWAY = Counter("xiaoer_turned_away", "Requests that were answered 503", ["door"], registry=REGISTRY)
HANDLED = Counter("xiaoer_events_handled", "Events by how handling ended", ["kind", "ending"], registry=REGISTRY)
CALLS = Counter("xiaoer_calls", "Attempts by how they ended", ["endpoint", "outcome", "errcode"], registry=REGISTRY)
WELCOMED = Histogram(
    "xiaoer_welcome_seconds",
    "From the scan to the welcome that left",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 12, 16, 20),
    registry=REGISTRY,
)
SUPPRESSED = Counter("xiaoer_suppressed", "What was held back, by the rule that did it", ["rule"], registry=REGISTRY)
TOKENS = Counter("xiaoer_tokens_fetched", "Access tokens fetched", ["platform"], registry=REGISTRY)
LIMIT_WAITS = Counter("xiaoer_limit_waits", "Calls kept back by a limit of ours", ["endpoint"], registry=REGISTRY)
WAITING = Gauge("xiaoer_waiting", "Rows that wait", ["ledger", "lane"], registry=REGISTRY)
WAITING_AGE = Gauge(
    "xiaoer_waiting_age_seconds",
    "How long the oldest row that could be worked on has been ready",
    ["ledger", "lane"],
    registry=REGISTRY,
)
DEAD_LETTERS = Gauge("xiaoer_dead_letters", "Rows that were given up, by ledger", ["ledger"], registry=REGISTRY)
STEPPED = Gauge("xiaoer_loop_stepped_at_seconds", "When a loop last took a step", ["loop"], registry=REGISTRY)
LEADING = Gauge("xiaoer_scheduler_leads", "1 in the process that keeps the time", registry=REGISTRY)
REDIS = Gauge("xiaoer_redis_up", "Whether Redis answered when last asked", registry=REGISTRY)

_known: defaultdict[str, set[str]] = defaultdict(set)


def bounded(label: str, value: str) -> str:
    """A value of a label, or `other` once a label has had its share of different ones."""
    known = _known[label]
    if value not in known and len(known) >= MOST_VALUES:
        return OTHER
    known.add(value)
    return value


def render() -> bytes:
    """All numbers in Prometheus' text format."""
    return generate_latest(REGISTRY)
