"""Whom an event is about, by name: contacts, staff and groups behind the ids of a page, looked up all at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from bot.model.tables import CustomerGroup, ExternalContact
from bot.storage.queries import console as rows
from bot.storage.queries import staff as staff_rows

SHORT = 12


@dataclass(frozen=True)
class Named:
    """Somebody or something on a page; `href` leads to their own page, if they have one."""

    kind: str
    name: str
    href: str = ""
    id: str = ""


@dataclass(frozen=True)
class Names:
    """Everybody whom the rows of a page name."""

    by_external: Mapping[str, ExternalContact] = field(default_factory=dict)
    by_open: Mapping[str, ExternalContact] = field(default_factory=dict)
    by_id: Mapping[int, ExternalContact] = field(default_factory=dict)
    staff: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, CustomerGroup] = field(default_factory=dict)

    @property
    def contact_ids(self) -> set[int]:
        """Our own ids of the contacts; of one that was joined to another, the other's too."""
        people = (*self.by_external.values(), *self.by_open.values(), *self.by_id.values())
        return {key for one in people for key in (one.id, one.merged_into) if key is not None}

    def contacts_of(self, payload: Mapping[str, Any]) -> set[int]:
        """Our own ids of the contacts that one event names."""
        kind, _, key = str(payload.get("subject") or "").partition(":")
        rows_named = (
            self.by_external.get(str(payload.get("external_user_id"))),
            self.by_open.get(str(payload.get("open_id"))),
            self.by_id.get(int(key)) if kind == "contact" and key.isdecimal() else None,
        )
        return {own for row in rows_named if row for own in (row.id, row.merged_into) if own is not None}

    def about(self, payload: Mapping[str, Any]) -> list[Named]:
        """Those an event names: the contact, the staff member, the group."""
        found = [
            self.contact(payload),
            self.member(payload.get("user_id") or payload.get("to")),
            self.group(payload.get("chat_id")),
        ]
        return [one for one in found if one is not None]

    def contact(self, payload: Mapping[str, Any]) -> Named | None:
        external, open_id, own = (payload.get(name) for name in ("external_user_id", "open_id", "contact_id"))
        row = (
            self.by_external.get(str(external))
            or self.by_open.get(str(open_id))
            or self.by_id.get(own if isinstance(own, int) else 0)
        )
        given = str(external or open_id or own or "")
        if not given:
            return None
        return contact(row) if row else Named("contact", shortened(given), id=given)

    def of_id(self, contact_id: int | None) -> Named | None:
        return self.contact({"contact_id": contact_id})

    def of_subject(self, subject: str) -> Named | None:
        """Whom a subject key such as `contact:7` means."""
        kind, _, key = subject.partition(":")
        if kind == "contact" and key.isdecimal():
            return self.of_id(int(key))
        return self.member(key) if kind == "staff" else self.group(key) if kind == "group" else None

    def member(self, user_id: object) -> Named | None:
        if not isinstance(user_id, str) or not user_id:
            return None
        return Named("staff", self.staff.get(user_id.lower()) or user_id, id=user_id)

    def group(self, chat_id: object) -> Named | None:
        if not isinstance(chat_id, str) or not chat_id:
            return None
        known = self.groups.get(chat_id)
        return Named("group", known.name if known and known.name else shortened(chat_id), id=chat_id)


def contact(row: ExternalContact) -> Named:
    """A contact whose row is at hand."""
    name = row.name or shortened(row.external_user_id or f"#{row.id}")
    return Named("contact", name, f"/console/contacts/{row.id}", row.external_user_id or "")


def shortened(key: str) -> str:
    return key if len(key) <= SHORT else f"{key[:SHORT]}…"


def load(session: Session, payloads: Iterable[Mapping[str, Any]]) -> Names:
    """The names of all whom these events name; with `subject`, those whom the key means."""
    asked: dict[str, set[Any]] = {}
    for payload in payloads:
        for name in ("external_user_id", "open_id", "contact_id", "user_id", "to", "chat_id"):
            value = payload.get(name)
            if isinstance(value, str | int) and value:
                asked.setdefault(name, set()).add(value)
        _add_subject(asked, str(payload.get("subject") or ""))
    external = rows.contacts_by_external(session, asked.get("external_user_id", set()))
    own = rows.contacts_by_id(session, {one for one in asked.get("contact_id", set()) if isinstance(one, int)})
    staff = staff_rows.by_ids(session, {str(one) for one in asked.get("user_id", set()) | asked.get("to", set())})
    return Names(
        {str(one.external_user_id): one for one in external},
        dict(rows.contacts_by_open(session, asked.get("open_id", set()))),
        {one.id: one for one in own if one.id is not None},
        {user_id: one.name for user_id, one in staff.items()},
        {one.chat_id: one for one in rows.groups_by_id(session, asked.get("chat_id", set()))},
    )


def _add_subject(asked: dict[str, set[Any]], subject: str) -> None:
    kind, _, key = subject.partition(":")
    if kind == "contact" and key.isdecimal():
        asked.setdefault("contact_id", set()).add(int(key))
    elif kind in ("group", "staff") and key:
        asked.setdefault({"group": "chat_id", "staff": "user_id"}[kind], set()).add(key)
