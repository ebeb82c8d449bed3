"""Why, and why not, in sentences: what `trace` puts together, as staff read it in chat and on the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community.cards import clip
from bot.i18n import Sentence, _
from bot.model.ids import ContactId
from bot.sop.held_back import IN_DETAIL, RULES
from bot.sop.trace import Explanation, NotDone, RunTold
from bot.storage.queries import inbox, lookups
from bot.text.masking import masked

MOST_RUNS, MOST_NOT_DONE, MOST_TAGS, QUOTED = 5, 5, 8, 40
STATES: dict[str, Sentence] = {
    "running": "running",
    "waiting": "waiting",
    "done": "done",
    "exited": "exited",
    "failed": "failed",
}
OPERATORS: dict[str, Sentence] = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "begins with",
    "ends_with": "ends with",
    "matches": "looks like",
    "gt": "more than",
    "gte": "at least",
    "lt": "less than",
    "lte": "at the most",
    "between": "between",
    "within": "within the last",
    "within_next": "within the next",
    "before": "before",
    "after": "after",
    "has_any": "has any of",
    "has_all": "has all of",
    "has_none": "has none of",
    "exists": "known",
    "missing": "unknown",
    "never": "never",
    "count": "how often",
    "ratio": "compared with the time before",
}


def lines(
    session: Session, contact_id: ContactId, told: Explanation, zone: ZoneInfo, *, sop: str | None = None
) -> Iterator[str]:
    """What a contact got, what they did not get, and, where no SOP is named, why they carry their tags."""
    return _Teller(session, zone).lines(contact_id, told, sop)


class _Teller:
    """Tells it all on one clock."""

    def __init__(self, session: Session, zone: ZoneInfo) -> None:
        self._session, self._zone = session, zone

    def lines(self, contact_id: ContactId, told: Explanation, sop: str | None) -> Iterator[str]:
        for run in told.runs[:MOST_RUNS]:
            yield from self._run(run)
        for one in told.not_done[:MOST_NOT_DONE]:
            yield from self._not_done(one)
        if sop is None:
            yield from self._tags(contact_id)

    def _run(self, run: RunTold) -> Iterator[str]:
        sentence = _("{sop} (version {version}) · {state} · began {moment} after {event}")
        state, moment = _(STATES.get(run.state, run.state)), self._moment(run.started_at)
        yield sentence.format(sop=run.sop, version=run.digest[:8], state=state, moment=moment, event=run.event)
        yield from self._quoted(run.trace_id)
        yield from _verdicts(run.when)
        for step in run.steps:
            yield f"  {step.name}: {masked(step.outcome)}"
            yield from _verdicts(step.verdicts)
        if run.wake_at is not None:
            yield "  " + _("waits until {moment}").format(moment=self._moment(run.wake_at))
        if run.reason:
            yield "  " + _("because: {reason}").format(reason=masked(run.reason))

    def _not_done(self, one: NotDone) -> Iterator[str]:
        sentence = _("{sop} · not done {moment}: {reason}")
        yield sentence.format(sop=one.sop, moment=self._moment(one.at), reason=_reason(one))
        yield from self._quoted(one.trace_id)
        yield from _verdicts(one.verdicts)

    def _quoted(self, trace_id: str) -> Iterator[str]:
        """The words that began it, if it was words."""
        for row in inbox.events_of(self._session, [trace_id])[:1] if trace_id else ():
            if text := str(row.payload.get("text") or ""):
                yield f"  “{clip(masked(text), QUOTED)}”"

    def _tags(self, contact_id: ContactId) -> Iterator[str]:
        sentence = _("Tag {name} · since {moment} by {rule}")
        for tag in lookups.tags_of(self._session, contact_id, MOST_TAGS):
            said = sentence.format(name=tag.name, moment=self._moment(tag.added_at), rule=tag.rule or tag.source)
            yield said + (f" · “{clip(masked(tag.evidence), QUOTED)}”" if tag.evidence else "")

    def _moment(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%m-%d %H:%M}"


def _reason(one: NotDone) -> str:
    """The rule in words; a rule that has none stands for itself."""
    known = {name: value for name, value in one.detail.items() if isinstance(value, str | int | float)}
    if one.rule in IN_DETAIL:
        return _(IN_DETAIL[one.rule]).format_map({"winner": "–", "percent": "–", **known})
    return _(RULES[one.rule]) if one.rule in RULES else one.rule


def _verdicts(verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each condition with what was wanted and what was found."""
    for verdict in verdicts:
        sentence = _("{name}: wanted {wanted}, found {found}")
        said = sentence.format(name=verdict["name"], wanted=_value(verdict["wanted"]), found=_value(verdict["found"]))
        yield f"    {'✓' if verdict['passed'] else '✗'} {said}"


def _value(value: object) -> str:
    match value:
        case Mapping():
            return _(", ").join(
                f"{_(OPERATORS.get(str(name), str(name)))} {_value(one)}" for name, one in value.items()
            )
        case list():
            return _(", ").join(map(_value, value)) or _("nothing")
        case None:
            return _("nothing")
        case bool():
            return _("yes") if value else _("no")
        case str() if value in OPERATORS:
            return _(OPERATORS[value])
        case _:
            return clip(masked(str(value)), QUOTED)
