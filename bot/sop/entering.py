"""Runs that begin: by an event, by another SOP, or by a schedule for everybody who matches."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot import log
from bot.model.events import ContactAdded, ContactHalfAdded, ScheduleDue
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import Run
from bot.sop import ending, engine, figures, followups, holidays, segments
from bot.sop.enrol import enrol
from bot.sop.schema import Metric, Sop
from bot.sop.scope import Scope
from bot.sop.turn import Occasion, Turn, occasion_of
from bot.sop.walking import walk
from bot.storage.queries import sops as rows

logger = log.get(__name__)
BATCH = 200
"""How many subjects of a schedule enter in one transaction."""
SAME_ADDING = timedelta(hours=24)


def begin(turn: Turn, candidates: Sequence[Sop], occasion: Occasion, depth: int = 0) -> list[Run]:
    begun = enrol(turn, candidates, occasion, depth=depth)
    for run, sop in begun:
        ending.set_deadline(turn, run, sop)
        walk(turn, run, sop, occasion, engine.start_of(sop))
    return [run for run, _sop in begun]


def was_added_by_half(turn: Turn, occasion: Occasion) -> bool:
    """Whether this adding was told before, when the staff member had yet to confirm, and has begun its runs then."""
    subject = occasion.subject_key("contact")
    if not isinstance(occasion.event, ContactAdded) or subject is None or occasion.user_id is None:
        return False
    since = turn.work.now - SAME_ADDING
    return rows.began_with(turn.work.session, subject, occasion.user_id, ContactHalfAdded.kind, since)


def for_run(turn: Turn, run_id: int, name: str) -> None:
    """A run asked for another SOP."""
    run, sop = rows.find_run(turn.work.session, run_id), turn.library.find(name)
    if run is None or sop is None:
        logger.warning("an SOP cannot be started by another", sop=name, run=run_id)
        return
    occasion = replace(occasion_of(run), key=f"run:{run_id}")
    begin(turn, [sop], occasion, depth=int(run.variables.get("depth", 0)) + 1)


def for_everybody(turn: Turn, name: str, at: datetime, after: int | str | None) -> None:
    """The next batch of those who match, above the id `after`; the rest follows in transactions of its own."""
    sop = turn.library.find(name)
    if sop is None:
        return
    if sop.trigger.metric is not None:
        _for_those_who_crossed(turn, sop, sop.trigger.metric, at)
        return
    _warn_of_unknown_holidays(sop, at, turn)
    event = ScheduleDue(at=at, sop=sop.name)
    scope = Scope(subject=sop.subject, now=at, zone=turn.library.around.zone, event=event)
    ids = _crowd(turn, sop, scope, after)
    for subject_id in ids:
        begin(turn, [sop], _scheduled(event, sop, subject_id))
    if len(ids) == BATCH:
        key = f"{followups.CONTINUE}:{name}:{at.isoformat()}:{ids[-1]}"
        turn.work.record(followups.go_on(name, at, ids[-1], turn.work.now), key=key)


def _crowd(turn: Turn, sop: Sop, scope: Scope, after: int | str | None) -> Sequence[Any]:
    known = turn.library.evidence.crowd(sop, scope.now)
    if known is None:
        return segments.members(turn.work.session, sop.when, scope, after=after, limit=BATCH)
    read: Callable[[str], Any] = int if sop.subject == "contact" else str
    return sorted(id for id in map(read, known) if after is None or id > after)[:BATCH]


def _for_those_who_crossed(turn: Turn, sop: Sop, metric: Metric, at: datetime) -> None:
    for event in figures.crossed(turn.work, sop, metric, at, turn.library.around.zone):
        occasion = Occasion(
            event=event,
            key=at.isoformat(),
            contact_id=event.contact_id,
            chat_id=event.chat_id,
            user_id=event.user_id,
        )
        begin(turn, [sop], occasion)


def _warn_of_unknown_holidays(sop: Sop, at: datetime, turn: Turn) -> None:
    year = at.astimezone(turn.library.around.zone).year
    if sop.trigger.workdays and year > holidays.known_until():
        logger.warning("public holidays are not known: Monday to Friday count as workdays", sop=sop.name, year=year)


def _scheduled(event: ScheduleDue, sop: Sop, subject_id: int | str) -> Occasion:
    occasion = Occasion(event=event, key=event.at.isoformat())
    match sop.subject:
        case "contact":
            return replace(occasion, contact_id=ContactId(int(subject_id)))
        case "group":
            return replace(occasion, chat_id=ChatId(str(subject_id)))
        case "staff":
            return replace(occasion, user_id=UserId(str(subject_id)))
