"""What can start a run or be waited for, by name, and which names an event goes by."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.i18n import _
from bot.model import events
from bot.model.events import Event
from bot.sop.findings import did_you_mean
from bot.sop.scope import SUBJECTS, Subject


@dataclass(frozen=True)
class TriggerKind:
    """A trigger by name; `subjects` are those an event of it names, and so those an SOP with it can be about."""

    name: str
    subjects: tuple[Subject, ...]
    explain: Callable[[], None]
    params: Mapping[str, str] | None = None

    @property
    def summary(self) -> str:
        return inspect.getdoc(self.explain) or ""


TRIGGERS: dict[str, TriggerKind] = {}


def _trigger(
    name: str, *subjects: Subject, params: Mapping[str, str] | None = None
) -> Callable[[Callable[[], None]], None]:
    def add(explain: Callable[[], None]) -> None:
        TRIGGERS[name] = TriggerKind(name, subjects, explain, params)

    return add


@_trigger("contact.added", "contact", "staff")
def _added() -> None:
    """A contact added a staff member, or was added; also when the staff member has yet to confirm."""


@_trigger("contact.half_added", "contact", "staff")
def _half_added() -> None:
    """A contact added a staff member who has yet to confirm."""


@_trigger("contact.lost", "contact", "staff")
def _lost() -> None:
    """A contact deleted a staff member."""


@_trigger("contact.removed", "contact", "staff")
def _removed() -> None:
    """A staff member deleted a contact, or a transfer took the contact away."""


@_trigger("contact.edited", "contact", "staff")
def _edited() -> None:
    """A staff member changed the remark, phone or tags of a contact."""


@_trigger("member.joined", "contact", "group")
def _joined() -> None:
    """A contact came into a customer group."""


@_trigger("member.left", "contact", "group")
def _left() -> None:
    """A contact left a customer group, or was removed."""


@_trigger("group.changed", "group")
def _changed() -> None:
    """A group was made, dismissed, renamed, or got another owner or notice."""


@_trigger("message.received", "contact", "group", "staff")
def _message() -> None:
    """Somebody wrote a message, in a group or alone."""


@_trigger("card.pressed", "staff")
def _pressed() -> None:
    """A staff member pressed a button of a card."""


@_trigger("staff.answered", *SUBJECTS)
def _answered() -> None:
    """A staff member answered what an SOP asked by a card."""


@_trigger("official.event", "contact")
def _official() -> None:
    """A follower subscribed, unsubscribed, scanned, clicked or viewed at an official account."""


@_trigger("track.event", "contact")
def _tracked() -> None:
    """A shop or site reported behaviour, whatever its name."""


@_trigger("lead.qualified", "contact")
def _qualified() -> None:
    """A contact crossed the line of the lead score."""


@_trigger("custom.event", "contact", params={"event": "text"})
def _custom() -> None:
    """A shop or site reported an event of this name: {event: order.paid}."""


@_trigger("segment.entered", *SUBJECTS, params={"segment.entered": "segment"})
def _entered() -> None:
    """A subject came into a segment: {segment.entered: dormant}; for contacts within seconds of the cause."""


@_trigger("segment.exited", *SUBJECTS, params={"segment.exited": "segment"})
def _exited() -> None:
    """A subject is no longer in a segment: {segment.exited: dormant}."""


@_trigger("metric.crossed", *SUBJECTS, params={"metric.crossed": "metric", "above": "line", "within": "duration"})
def _metric() -> None:
    """A figure crossed its line: {metric.crossed: silence, above: 7d}, or flood, overdue, drop."""


_ON_A_DAY = {"at": "time of day", "workdays_only": "flag"}
_NEAR_A_DAY = {"offset": "days", **_ON_A_DAY}


@_trigger("date", *SUBJECTS, params={"cron": "cron", "interval": "duration", "date": "date", "workdays_only": "flag"})
def _date() -> None:
    """A moment came, by cron line, interval or date; everybody who matches `when` enters."""


@_trigger("birthday", "contact", params={"birthday": "days", **_ON_A_DAY})
def _birthday() -> None:
    """A contact's birthday, or some days before: {birthday: -7d, at: "08:00"}; 29 February is kept on the 28th."""


@_trigger("lunar_birthday", "contact", params={"lunar_birthday": "days", **_ON_A_DAY})
def _lunar_birthday() -> None:
    """A contact's birthday by the Chinese calendar, or some days before: {lunar_birthday: 0d}."""


@_trigger("anniversary", *SUBJECTS, params={"anniversary": "filter", **_NEAR_A_DAY})
def _anniversary() -> None:
    """The yearly return of a date that is known of the subject: {anniversary: follow.first_added_at}."""


@_trigger("festival", *SUBJECTS, params={"festival": "festival", **_NEAR_A_DAY})
def _festival() -> None:
    """A festival, or some days before or after: {festival: 春节, offset: -15d, at: "09:00"}."""


@_trigger("solar_term", *SUBJECTS, params={"solar_term": "solar term", **_NEAR_A_DAY})
def _solar_term() -> None:
    """One of the 24 solar terms, or any of them: {solar_term: 立春}."""


_ROOTS = {name.partition(".")[0] for name in TRIGGERS if "." in name} | {"segment", "staff", "tag", "call", "timer"}
_WAITABLE = [name for name, kind in TRIGGERS.items() if kind.params is None]


def check_event(name: str) -> str | None:
    """What is wrong with an event's name; None when it can happen. Names outside our own families are custom events."""
    if name in _WAITABLE:
        return None
    root, dot, rest = name.partition(".")
    well_formed = dot and name.replace(".", "").replace("_", "").isalnum() and name.isascii() and rest[0] != "."
    if not well_formed or root in _ROOTS:
        return _("there is no event {name}.").format(name=name) + did_you_mean(name, _WAITABLE)
    return None


def subjects_of(name: str) -> tuple[Subject, ...]:
    """Whom an event of this name is about."""
    kind = TRIGGERS.get(name) or TRIGGERS["custom.event"]
    return kind.subjects


def names_of(event: Event) -> tuple[str, ...]:
    """The names by which SOPs know an event. A half-added contact who can be greeted is an added one."""
    match event:
        case events.ContactHalfAdded(welcome_code=code) if code:
            return "contact.half_added", "contact.added"
        case events.Tracked(name=name):
            return "track.event", name
        case events.MetricCrossed(line=line):
            return event.kind, f"{event.kind}:{line}"
        case events.SegmentEntered(segment=segment) | events.SegmentExited(segment=segment):
            return event.kind, f"{event.kind}:{segment}"
        case _:
            return (event.kind,)


_BEHAVIOURS: Mapping[str, tuple[str, ...]] = {
    "contact.added": ("contact_added",),
    "contact.lost": ("contact_lost",),
    "contact.removed": ("contact_removed",),
    "member.joined": ("group_joined",),
    "member.left": ("group_left", "removed_from_group"),
    "message.received": ("spoke_in_group", "spoke_to_staff", "official_message"),
    "official.event": ("official_followed", "official_unfollowed", "qr_scanned", "menu_clicked"),
}


def recorded_as(event: str) -> tuple[str, ...]:
    """The behaviours by which an event is remembered; a custom event goes by its own name."""
    return _BEHAVIOURS.get(event, (event,))


def is_remembered(event: str) -> bool:
    """Whether it can be asked later if an event has happened."""
    return event in _BEHAVIOURS or event not in TRIGGERS
