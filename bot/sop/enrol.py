"""Who enters an SOP: its conditions and gates, one after the other, each loser with the rule that stopped it.

The order is: `when`, paused, reentry, rollout, holdout, and at last the mutex group, in which of all SOPs that would
begin with the same event the one with the highest priority wins.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.model.events import ScheduleDue
from bot.model.tables import Run
from bot.sop import rollouts
from bot.sop.conditions import ALWAYS, leaves
from bot.sop.evidence import OPEN, Why
from bot.sop.perform import suppress
from bot.sop.schema import Sop
from bot.sop.shares import share_of
from bot.sop.turn import Occasion, Turn
from bot.storage.ledger import payloads
from bot.storage.queries import sops as rows

CHATTY = ("message.received", "track.event", "card.pressed")
"""Triggers so frequent that who did not match `when` is not written down."""


def enrol(turn: Turn, candidates: Sequence[Sop], occasion: Occasion, *, depth: int = 0) -> list[tuple[Run, Sop]]:
    """Begin a run for every candidate that lets the subject in; the highest priority comes first."""
    fit = _fitting(turn, [sop for sop in candidates if occasion.subject_key(sop.subject)], occasion)
    paused = rows.paused(turn.work.session, [sop.name for sop in fit])
    let_in = [sop for sop in fit if _passes_gates(turn, sop, occasion, sop.name in paused)]
    begun = []
    for sop in _winners(turn, let_in, occasion):
        run = _begin(turn, sop, occasion, depth)
        if run is not None:
            begun.append((run, sop))
    return begun


def _fitting(turn: Turn, candidates: Sequence[Sop], occasion: Occasion) -> list[Sop]:
    """Those whose `when` holds."""
    holds = {sop.name: _holds(turn, sop, occasion) for sop in candidates}
    for sop in candidates:
        if not holds[sop.name] and sop.trigger.name not in CHATTY:
            _keep_out(turn, sop, occasion, "when", {})
    return [sop for sop in candidates if holds[sop.name]]


def _holds(turn: Turn, sop: Sop, occasion: Occasion) -> bool:
    if sop.when == ALWAYS:
        return True
    if sop.trigger.name in CHATTY and turn.is_ruled_out(sop.when, sop.subject, occasion):
        return False
    planned_at = occasion.event.at if isinstance(occasion.event, ScheduleDue) else None
    judgement = turn.judge(sop.when, sop, occasion, at=planned_at)
    turn.let_in[sop.name] = judgement.as_list()
    return judgement.passed


def _keep_out(turn: Turn, sop: Sop, occasion: Occasion, rule: str, detail: Mapping[str, Any]) -> None:
    """Write down what kept the subject out, and what `when` found; once, however often the same event comes."""
    subject = occasion.subject_key(sop.subject)
    assert subject is not None
    if not rows.was_decided(turn.work.session, sop.name, subject, occasion.key):
        found = _found(turn, sop, rule)
        suppress(turn, sop.name, subject, rule, {**detail, **found, "occasion": occasion.key})


def _found(turn: Turn, sop: Sop, rule: str) -> dict[str, Any]:
    """What `when` found; where that was not what decided, without what the event itself says: it has its own record."""
    verdicts = turn.let_in.get(sop.name, [])
    if rule != "when":
        verdicts = [told for leaf, told in zip(leaves(sop.when), verdicts, strict=False) if not leaf.filter.is_pure]
    return {"verdicts": verdicts} if verdicts else {}


def _passes_gates(turn: Turn, sop: Sop, occasion: Occasion, is_paused: bool) -> bool:
    subject = occasion.subject_key(sop.subject)
    assert subject is not None
    stopped: Why | None = ("paused", {}) if is_paused else _stopped_by(turn, sop, occasion, subject)
    if stopped is None:
        return True
    if rows.began_at(turn.work.session, sop.name, subject, occasion.key):
        return True  # by this very event: it begins no second run, and the others of its mutex group none either
    _keep_out(turn, sop, occasion, *stopped)
    return False


def _stopped_by(turn: Turn, sop: Sop, occasion: Occasion, subject: str) -> Why | None:
    """The first gate that is shut for the subject."""
    if sop.reentry.rule != "always":
        entered_at = rows.last_start(turn.work.session, sop.name, subject)
        rest = sop.reentry.after or timedelta.max
        if entered_at is not None and turn.work.now - entered_at < rest:
            return "reentry", {"entered_at": entered_at.isoformat()}
    known = turn.library.evidence.rollout(turn.scene(sop, occasion), sop)
    if (held_back := rollouts.holds_back(turn.work, sop, subject) if known is None else known) not in (None, OPEN):
        return held_back
    if share_of(subject, f"{sop.name}:holdout") * 100 < sop.holdout_percent:
        return "holdout", {"percent": sop.holdout_percent}
    return None


def _winners(turn: Turn, let_in: Sequence[Sop], occasion: Occasion) -> Iterator[Sop]:
    won: dict[tuple[str, str], Sop] = {}
    for sop in sorted(let_in, key=lambda sop: (-sop.priority, sop.name)):
        subject = occasion.subject_key(sop.subject)
        assert subject is not None
        winner = won.setdefault((sop.mutex, subject), sop) if sop.mutex else sop
        if winner is sop:
            yield sop
        else:
            _keep_out(turn, sop, occasion, "mutex", {"group": sop.mutex, "winner": winner.name})


def _begin(turn: Turn, sop: Sop, occasion: Occasion, depth: int) -> Run | None:
    """A new run; None when the same event has begun one already."""
    subject = occasion.subject_key(sop.subject)
    return rows.start_run(
        turn.work.session,
        {
            "sop": sop.name,
            "digest": sop.digest,
            "subject": subject,
            "dedupe_key": rows.run_key(sop.name, str(subject), occasion.key),
            "state": "running",
            "position": [0],
            "event_kind": occasion.event.kind,
            "event": payloads.write_event(occasion.event),
            "variables": {
                "began_with": occasion.event.kind,
                "occasion": f"{sop.name}@{occasion.key}",
                "contact_id": occasion.contact_id,
                "chat_id": occasion.chat_id,
                "depth": depth,
                "when": turn.let_in.get(sop.name, []),
            },
            "user_id": occasion.user_id,
            "started_at": turn.work.now,
            "trace_id": turn.work.trace_id,
        },
    )
