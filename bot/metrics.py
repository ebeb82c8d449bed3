"""Numbers for Prometheus. A label never holds an id of a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

ARRIVED = Counter("xiaoer_arrivals", "Events kept in the inbox", ["source"], registry=REGISTRY)
ACKNOWLEDGED = Histogram(
    "xiaoer_acknowledge_seconds",
    "From the request to its answer",
    ["door"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
HANDLED = Counter("xiaoer_events_handled", "Events that left the inbox", ["kind", "ending"], registry=REGISTRY)
CALLS = Counter("xiaoer_calls", "Calls that ended", ["endpoint", "outcome", "errcode"], registry=REGISTRY)
WELCOMED = Histogram(
    "xiaoer_welcome_seconds",
    "From the scan to the welcome that left",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 12, 16, 20),
    registry=REGISTRY,
)
WAITING = Gauge("xiaoer_waiting", "Rows that wait, by ledger and lane", ["ledger"], registry=REGISTRY)


def render() -> bytes:
    """All numbers in Prometheus' text format."""
    return generate_latest(REGISTRY)
