"""What an action is, what it is given and what it may yield.

An action is a pure generator in `components/<name>.py`: values in, effects out. `@action` reads its parameters from the
signature and its meaning from the docstring.
"""

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, get_type_hints
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel

from bot.model.calls import Call
from bot.model.events import Event
from bot.model.tables import CustomerGroup, ExternalContact, Follower, FollowUser, Staff, StepRun
from bot.sop import template
from bot.sop.scope import SHANGHAI, Subject
from bot.storage.work import Work

Deed = Callable[[Work], object]
"""Something to do to our own rows: a function of `bot.community` with everything but the work filled in.

What it returns is of no concern here."""

ActsOn = Literal["contact", "group", "staff", "message", "any"]


CHANNELS = ("mass", "official", "template", "subscription", "miniprogram", "kf", "sms", "mail", "moment")
"""The ways by which an action can reach a contact unasked; caps count by them."""


@dataclass(frozen=True)
class Suppress:
    """Nothing was done, and why: a row of the suppression ledger."""

    rule: str
    detail: Mapping[str, Any] = field(default_factory=dict)


Act = Callable[[Work, Sequence[str], dict[str, Any]], Suppress | None]
"""Does something for several at once; a `Suppress` says that it was not done after all, for none of them."""


@dataclass(frozen=True)
class Together:
    """Done once for all subjects of a turn whose `key` is the same.

    `act` gets their members and the note that tells the runner which steps a call belongs to. With `is_call` the step
    is not done before that call has ended.
    """

    key: str
    member: str
    act: Act
    is_call: bool = False


@dataclass(frozen=True)
class Note:
    """A remark for the run's history."""

    text: str


Effect = Call | Deed | Suppress | Together | Note


@dataclass(frozen=True)
class Surroundings:
    """The settings that SOPs are checked and walked with.

    `able` is what the configured adapters can do, None for everything; `media` where attachments are, None for the
    folder of that name among the SOPs; `signature` what stands before every short message.
    """

    zone: ZoneInfo = SHANGHAI
    lead_line: int = 60
    able: frozenset[str] | None = None
    media: Path | None = None
    signature: str = ""


class Company(Protocol):
    """Who is there when a step is taken; looked up when the action asks.

    `follow` is the relation between the contact and the staff member of the event.
    """

    @property
    def contact(self) -> ExternalContact | None: ...

    @property
    def follow(self) -> FollowUser | None: ...

    @property
    def follower(self) -> Follower | None: ...

    @property
    def staff(self) -> Staff | None: ...

    @property
    def group(self) -> CustomerGroup | None: ...


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where an action stands: the run, its subject, and whoever else the event names.

    `key` is the same whenever the same step of the same run is tried again. `occasion` is the same for the same step of
    all runs that began with the same moment of a schedule. `earlier` are the steps of this run that have an id and have
    been taken.
    """

    key: str
    occasion: str
    run_id: int
    sop: str
    title: str
    subject: Subject
    subject_key: str
    now: datetime
    event: Event
    company: Company
    user_id: str | None = None
    depth: int = 0
    earlier: Mapping[str, StepRun] = field(default_factory=dict)
    around: Surroundings = Surroundings()

    @property
    def contact(self) -> ExternalContact | None:
        return self.company.contact

    @property
    def follow(self) -> FollowUser | None:
        return self.company.follow

    @property
    def follower(self) -> Follower | None:
        return self.company.follower

    @property
    def staff(self) -> Staff | None:
        return self.company.staff

    @property
    def group(self) -> CustomerGroup | None:
        return self.company.group

    @property
    def contact_id(self) -> int | None:
        return None if self.contact is None else self.contact.id

    @property
    def external_user_id(self) -> str | None:
        return None if self.contact is None else self.contact.external_user_id

    @property
    def open_id(self) -> str | None:
        return None if self.follower is None else self.follower.open_id

    @property
    def chat_id(self) -> str | None:
        return None if self.group is None else self.group.chat_id

    @property
    def sender(self) -> str | None:
        """Who can write to the contact: the staff member of the event, or the first who follows the contact."""
        return self.user_id or (None if self.follow is None else self.follow.user_id)

    @property
    def rule(self) -> str:
        """What tags, scores and alerts name as their reason."""
        return f"sop:{self.sop}"

    @property
    def names(self) -> dict[str, Any]:
        """What texts may name."""
        return {
            "contact": contact_names(self.contact),
            "staff": {"name": self.staff.name, "position": self.staff.position} if self.staff else {},
            "group": {"name": self.group.name, "owner": self.group.owner, "layer": self.group.layer}
            if self.group
            else {},
            "event": event_names(self.event),
            "sop": {"name": self.sop, "title": self.title},
            "now": self.now.astimezone(self.around.zone),
        } | ({"staff": {"user_id": self.user_id, "name": self.user_id}} if self.user_id and not self.staff else {})

    def render(self, text: str) -> str:
        return template.render(text, self.names)

    def digest_of(self, content: Mapping[str, Any]) -> str:
        """A short name for content, the same for the same content."""
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


_GENDERS = {1: "male", 2: "female"}


def contact_names(contact: ExternalContact | None) -> dict[str, Any]:
    """A contact as texts see them; sealed fields are not among it."""
    if contact is None:
        return {}
    plain = ("name", "city", "province", "company", "position", "email", "lifecycle_stage", "lead_score", "points")
    return {
        **{name: getattr(contact, name) for name in plain},
        "activity_score": contact.activity_score,
        "gender": _GENDERS.get(contact.gender or 0),
        "fields": contact.fields,
    }


def event_names(event: Event) -> dict[str, Any]:
    plain = {
        name: getattr(event, name, None)
        for name in ("state", "text", "name", "button", "channel", "value", "properties")
    }
    return {**plain, "key": getattr(event, "event_key", None), "amount": (plain["properties"] or {}).get("amount")}


Component = Callable[[Step, Any], Iterator[Effect]]


@dataclass(frozen=True)
class Action:
    """A component of the kind that does something. `needs` is the capability an adapter has to have for it.

    `reaches` is the channel by which it reaches a contact unasked: consent, quiet hours and caps stand before it.
    `is_for_many`: the platform does it for no less than two, so that a date has to let them in together.
    """

    name: str
    subject: ActsOn
    needs: str
    reaches: str
    act: Component
    params: type[BaseModel]
    is_for_many: bool = False

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.act) or "").partition("\n")[0]


def action(
    *, subject: ActsOn, needs: str = "", reaches: str = "", is_for_many: bool = False
) -> Callable[[Component], Action]:
    """Make a component of a generator `(step, params)`; its `Params` forbids what it does not know."""

    def make(act: Component) -> Action:
        params = get_type_hints(act)["params"]
        assert issubclass(params, BaseModel)
        assert not reaches or reaches in CHANNELS
        return Action(act.__name__, subject, needs, reaches, act, params, is_for_many)

    return make
