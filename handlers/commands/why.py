"""/why: what was done for a contact and what was not, from what was written down at the time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.community import contacts
from bot.community.cards import clip
from bot.i18n import Sentence, _
from bot.model.ids import ContactId
from bot.sop import trace
from bot.storage.queries import lookups
from handlers.commands.command import Ask, command
from handlers.commands.contact import find_contact, masked, named
from handlers.commands.parse import Arguments

MOST_RUNS, MOST_NOT_DONE, MOST_TAGS = 5, 5, 8
STATES: dict[str, Sentence] = {
    "running": "running",
    "waiting": "waiting",
    "done": "done",
    "exited": "exited",
    "failed": "failed",
}


class About(Arguments):
    contact: str
    sop: str | None = None


@command("why", "为什么", role="staff", form="/why CONTACT [SOP]")
def why(ask: Ask, words: About) -> str:
    """Explain what a contact got, and what they did not get"""
    contact = find_contact(ask, words.contact)
    contact_id = contacts.id_of(contact)
    told = trace.explain(ask.session, contact_id, words.sop)
    lines = [line for run in told.runs[:MOST_RUNS] for line in _run(ask, run)]
    lines += [line for one in told.not_done[:MOST_NOT_DONE] for line in _not_done(ask, one)]
    lines += _tags(ask, contact_id) if words.sop is None else []
    return "\n".join([named(contact), *(lines or [_("No event has ever led to an SOP here.")])])


def _run(ask: Ask, run: trace.RunTold) -> Iterator[str]:
    sentence = _("{sop} · {state} · began {moment} after {event}")
    state, moment = _(STATES.get(run.state, run.state)), _moment(ask, run.started_at)
    yield sentence.format(sop=run.sop, state=state, moment=moment, event=run.event)
    for step in run.steps:
        yield f"  {step.name}: {masked(step.outcome)}"
        yield from _verdicts(step.verdicts)
    if run.wake_at is not None:
        yield "  " + _("waits until {moment}").format(moment=_moment(ask, run.wake_at))
    if run.reason:
        yield "  " + _("because: {reason}").format(reason=masked(run.reason))


def _not_done(ask: Ask, one: trace.NotDone) -> Iterator[str]:
    sentence = _("{sop} · not done {moment}, stopped by: {rule}")
    yield sentence.format(sop=one.sop, moment=_moment(ask, one.at), rule=one.rule)
    yield from _verdicts(one.verdicts)


def _verdicts(verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each condition with what was wanted and what was found."""
    for verdict in verdicts:
        sentence = _("{name}: wanted {wanted}, found {found}")
        said = sentence.format(name=verdict["name"], wanted=_value(verdict["wanted"]), found=_value(verdict["found"]))
        yield f"    {'✓' if verdict['passed'] else '✗'} {said}"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return _(", ").join(f"{name} {_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return _(", ").join(map(_value, value)) or "–"
    return "–" if value is None else clip(masked(str(value)), 40)


def _tags(ask: Ask, contact_id: ContactId) -> list[str]:
    sentence = _("Tag {name} · since {moment} by {rule}")
    return [
        sentence.format(name=tag.name, moment=_moment(ask, tag.added_at), rule=tag.rule or tag.source)
        + (f" · “{clip(masked(tag.evidence), 40)}”" if tag.evidence else "")
        for tag in lookups.tags_of(ask.session, contact_id, MOST_TAGS)
    ]


def _moment(ask: Ask, at: datetime) -> str:
    return f"{at.astimezone(ask.ctx.settings.zone):%m-%d %H:%M}"
