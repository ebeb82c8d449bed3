"""Invented people for simulations: the same for the same seed, and fit for the SOP that is walked.

What an SOP asks for is read from its own conditions, so that about half of the people fit each of them and every way
is walked by somebody.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from bot.model.ids import ChatId, UserId
from bot.model.tables import (
    Behaviour,
    ContactTag,
    CustomerGroup,
    Department,
    ExternalContact,
    Follower,
    FollowUser,
    GroupMember,
    Staff,
    StaffTask,
)
from bot.sop.conditions import Leaf, leaves
from bot.sop.schema import Branch, If, Sop, WaitFor, walk
from bot.sop.scope import SHANGHAI, Scope
from bot.storage.statements import blank

STAFF, GROUPS = ("lin", "zhou"), 20
SURNAMES, GIVEN = "梅浩林周", "一二三四五六七八九十"
OTHER = {"city": "杭州", "province": "浙江", "company": "小店", "position": "店长", "lifecycle_stage": "new"}
ANYTHING = "别的"
"""What a text says that only has to be there."""
LOOKING_BACK = timedelta(days=120)
Row = dict[str, Any]
"""Values by column; what is not named has its default."""


def conditions_of(sop: Sop) -> Iterator[Leaf]:
    """Every condition that an SOP asks anywhere."""
    for condition in (sop.when, *(one.where for one in sop.exits)):
        yield from leaves(condition)
    for _position, step in walk(sop.steps):
        match step:
            case If(condition=condition):
                yield from leaves(condition)
            case Branch(cases=cases):
                for case in cases:
                    yield from leaves(case.condition)
            case WaitFor(where=where):
                yield from leaves(where)


def operands(sop: Sop) -> dict[str, list[Any]]:
    """What an SOP compares each fact with, by the filter's name; a pattern's stars are dropped."""
    found: dict[str, list[Any]] = {}
    for leaf in conditions_of(sop):
        values = found.setdefault(leaf.filter.name, [])
        for test in leaf.tests:
            many = test.operand if isinstance(test.operand, tuple) else (test.operand,)
            if test.operator == "exists" and leaf.filter.kind.name == "text":
                many = (ANYTHING,)
            values += [value.replace("*", "") if isinstance(value, str) else value for value in many]
    return found


@dataclass(frozen=True)
class People:
    """The invented community that walks one SOP."""

    sop: Sop
    count: int
    start: datetime
    seed: int = 0
    zone: ZoneInfo = SHANGHAI
    first: int = 1

    @cached_property
    def asked(self) -> Mapping[str, Sequence[Any]]:
        return operands(self.sop)

    @cached_property
    def acts(self) -> Sequence[str]:
        """The behaviours that the SOP counts."""
        scope = Scope(subject="contact", now=self.start, zone=self.zone)
        asked = [leaf for leaf in conditions_of(self.sop) if leaf.filter.kind.measures]
        return sorted({name for leaf in asked for name in leaf.filter.acts(leaf.params, scope).names})

    @cached_property
    def properties(self) -> Sequence[Leaf]:
        """What the SOP asks about the properties of a tracked behaviour."""
        return [leaf for leaf in conditions_of(self.sop) if leaf.filter.name == "event.property"]

    def dice(self, *what: object) -> random.Random:
        """Dice of their own for each person and purpose, so that one more contact changes nobody else."""
        return random.Random(f"{self.seed}:{self.sop.name}:{what}")  # noqa: S311 — nothing here is secret

    # ── who they are ───────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self) -> Iterator[tuple[type[Any], Sequence[Row]]]:
        """Their rows by table, in the order in which they can be inserted."""
        yield Department, [{"id": 1, "name": "corp", "leaders": ["boss"]}, {"id": 2, "name": "shop", "parent_id": 1}]
        yield Staff, [{"user_id": "boss", "name": "Boss", "departments": [1], "main_department": 1, "leads": [1]}]
        yield Staff, [self._staff(name) for name in STAFF]
        if "staff.open_tasks" in self.asked:
            yield StaffTask, [{"user_id": STAFF[0], "text": "…", "opened_at": self.start}]
        yield CustomerGroup, [self._group(number) for number in range(GROUPS)]
        yield ExternalContact, [self._contact(number) for number in self.numbers]
        yield from self._rows_beside().items()

    def _staff(self, name: str) -> Row:
        return {"user_id": name, "name": name.title(), "departments": [2], "main_department": 2}

    def _rows_beside(self) -> Mapping[type[Any], Sequence[Row]]:
        found: dict[type[Any], list[Row]] = {}
        for number in self.numbers:
            for model, row in self._beside(number):
                found.setdefault(model, []).append(row)
        return found

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.count)

    def _contact(self, number: int) -> Row:
        dice = self.dice("contact", number)
        contact = blank(ExternalContact) | {
            "id": number,
            "external_user_id": f"wm{number}",
            "name": dice.choice(SURNAMES) + dice.choice(GIVEN),
            "gender": dice.choice((0, 1, 2)),
            "contact_type": 1,
            "birthday": date(1990, 1, 1) + timedelta(days=dice.randrange(7300)),
            "phone_hash": f"invented{number}" if dice.random() < 0.5 else None,
            "marketing_consent": dice.choice((True, True, False, None)),
            "first_seen_at": self.start - timedelta(days=dice.randrange(400)),
            "profiled_at": self.start,
        }
        for name, wanted in self.asked.items():
            module, _dot, field = name.partition(".")
            if module == "contact" and wanted and field in contact:
                self._fit(contact, field, wanted, dice)
        return contact

    def _fit(self, contact: Row, field: str, wanted: Sequence[Any], dice: random.Random) -> None:
        value = dice.choice(list(wanted))
        now = contact[field]
        if isinstance(value, str) and isinstance(now, str | None):
            contact[field] = value if dice.random() < 0.5 else OTHER.get(field)
        elif isinstance(value, int) and isinstance(now, int) and not isinstance(value, bool):
            contact[field] = max(0, value + dice.choice((-1, 0, 1)))

    def _group(self, number: int) -> Row:
        dice = self.dice("group", number)
        layers = [*self.asked.get("group.layer", ()), "vip", None]
        tags = [tag for tag in self.asked.get("group.tags", ()) if dice.random() < 0.5]
        owner = STAFF[number % len(STAFF)]
        name, layer = f"{number + 1} 群", dice.choice(layers)
        return {"chat_id": f"wr{number}", "name": name, "owner": owner, "layer": layer, "tags": tags}

    def _beside(self, number: int) -> Iterator[tuple[type[Any], Row]]:
        dice = self.dice("beside", number)
        state = dice.choice([*self.asked.get("follow.state", ()), *self.asked.get("event.state", ()), ""])
        added_at = self.start - timedelta(days=dice.randrange(400))
        own: Row = {"contact_id": number, "changed_at": added_at}
        yield FollowUser, {**own, "user_id": self.user_of(number), "state": state, "added_at": added_at}
        yield GroupMember, {**own, "chat_id": self.chat_of(number), "member_id": f"wm{number}", "joined_at": added_at}
        yield Follower, {**own, "app_id": "wx", "open_id": f"o{number}", "followed_at": added_at}
        for tag in dict.fromkeys(self.asked.get("tag.names", ())):
            if dice.random() < 0.5:
                yield ContactTag, {"contact_id": number, "name": tag, "source": "staff", "added_at": added_at}
        for act in self._acts(number, dice):
            yield Behaviour, act

    def _acts(self, number: int, dice: random.Random) -> Iterator[Row]:
        """What they did before the simulation begins."""
        for name in self.acts:
            for _time in range(dice.choice((0, 0, 1, 2, 4))):
                at = self.start - LOOKING_BACK * dice.random()
                yield {"contact_id": number, "name": name, "at": at, "amount": Decimal(99)}

    def user_of(self, number: int) -> UserId:
        return UserId(STAFF[number % len(STAFF)])

    def chat_of(self, number: int) -> ChatId:
        return ChatId(f"wr{number % GROUPS}")
