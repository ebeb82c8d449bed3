"""A segment of 70 conditions: counting it over ever more contacts, and what one event costs.

    python -m bench.segments [--most N] [--engine sqlite|postgresql|both]

Prints the growth from step to step: ten times the contacts should cost about ten times the count, and one event the
same whatever the number of contacts.
"""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import insert, text
from sqlmodel import Session

from bench import rig
from bot.model.tables import Behaviour, ContactTag, ExternalContact, FollowUser
from bot.sop import segments, source
from bot.sop.conditions import Condition, parse_condition
from bot.sop.reading import Reading
from bot.sop.scope import Scope
from bot.storage.database import Database

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
CITIES = ("上海", "北京", "广州", "深圳", "杭州", "成都", "武汉")
CHUNK = 20_000
EVENTS = 200
SIZES = (10_000, 100_000, 1_000_000)


def condition() -> Condition:
    """Seventy conditions that most contacts meet, so that none can be skipped; the last leaves a third out."""
    leaves: list[dict[str, Any]] = []
    for n in range(10):
        leaves += [
            {"contact.city": {"in": list(CITIES)}},
            {"contact.points": {"gte": n - 10}},
            {"contact.first_seen_at": {"within": f"{90 + n}d"}},
            {"tag.names": {"has_any": [f"兴趣/{k}" for k in range(30)]}},
            {"behaviour.order_paid": {"count": {"gte": 1}, "within": f"{130 + n}d"}},
            {"follow.state": {"starts_with": "spring"} if n == 9 else {"missing": False}},
            {"not": {"contact.name": {"contains": f"{n}#"}}},
        ]
    reading = Reading("bench.yaml", source.read(json.dumps({"all": leaves}, ensure_ascii=False)))
    found = parse_condition(reading, reading.source.value, ())
    assert not reading.findings, reading.findings
    return found


def fill(session: Session, first: int, last: int) -> None:
    """Contacts with two rows of behaviour, a tag and a relation each."""
    for start in range(first, last, CHUNK):
        ids = range(start + 1, min(start + CHUNK, last) + 1)
        contacts = [
            {
                "id": n, "external_user_id": f"wm{n}", "name": f"客户{n}", "city": CITIES[n % 7], "points": n % 50,
                "first_seen_at": NOW - timedelta(hours=n % 2000), "lifecycle_stage": "new", "lead_score": 0,
                "activity_score": 0, "fields": {},
            }
            for n in ids
        ]  # fmt: skip
        acts = [
            {"contact_id": n, "name": name, "at": NOW - timedelta(hours=(n * 7 + k) % 3000), "properties": {}}
            for n in ids
            for k, name in enumerate(("order.paid", "page.viewed"))
        ]
        tags = [
            {"contact_id": n, "name": f"兴趣/{n % 30}", "source": "sop", "rule": "", "evidence": "", "confidence": 1.0,
             "added_at": NOW}
            for n in ids
        ]  # fmt: skip
        follows = [
            {"contact_id": n, "user_id": "zhou", "status": "active", "state": f"spring-{n % 5}" if n % 3 else "winter",
             "added_at": NOW, "changed_at": NOW}
            for n in ids
        ]  # fmt: skip
        for model, rows in ((ExternalContact, contacts), (Behaviour, acts), (ContactTag, tags), (FollowUser, follows)):
            session.connection().execute(insert(model), rows)


def seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


@dataclass(frozen=True)
class Measured:
    contacts: int
    members: int
    count_s: float
    event_s: float

    def told(self, before: "Measured | None") -> str:
        line = f"{self.contacts:>9,} contacts: count {self.count_s:6.2f} s ({self.members:,} in it), "
        line += f"one event {self.event_s * 1000:.1f} ms"
        if before is None:
            return line
        return f"{line}; count × {self.count_s / before.count_s:.1f}, event × {self.event_s / before.event_s:.2f}"


def measure(database: Database, contacts: int) -> Measured:
    asked, scope = condition(), Scope(subject="contact", now=NOW)

    def one_event(contact: int) -> object:
        return database.run_here(lambda session: segments.which(session, [asked], scope, [contact]))

    began = time.perf_counter()
    members = database.run_here(lambda session: segments.count(session, asked, scope))
    count_s = time.perf_counter() - began
    event_s = statistics.median(seconds(partial(one_event, n)) for n in range(1, contacts, contacts // EVENTS))
    return Measured(contacts, members, count_s, event_s)


def grow(database: Database, most: int) -> None:
    filled, before = 0, None
    for size in (size for size in SIZES if size <= most):
        for start in range(filled, size, CHUNK):
            database.run_here(partial(fill, first=start, last=min(start + CHUNK, size)))
        filled = size
        database.run_here(lambda session: session.connection().execute(text("ANALYZE")))
        measured = measure(database, size)
        print(measured.told(before), flush=True)
        before = measured


if __name__ == "__main__":
    rig.growing(__doc__, "segments", SIZES, "contacts", grow)
