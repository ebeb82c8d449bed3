"""Hygiene cases."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, update

from bot.model.ids import ChatId, ContactId
from bot.model.tables import HygieneCase
from bot.storage.statements import changed


def by_id(session: Session, case_id: int) -> HygieneCase | None:
    return session.get(HygieneCase, case_id)


def open_since(session: Session, chat_id: ChatId, contact_id: ContactId, since: datetime) -> HygieneCase | None:
    """The contact's undecided case in this group that was opened after `since`."""
    return session.exec(
        select(HygieneCase)
        .where(
            HygieneCase.chat_id == chat_id,
            HygieneCase.contact_id == contact_id,
            HygieneCase.state == "open",
            col(HygieneCase.opened_at) > since,
        )
        .order_by(col(HygieneCase.id).desc())
    ).first()


def in_states(session: Session, chat_id: ChatId, contact_id: ContactId, states: tuple[str, ...]) -> list[HygieneCase]:
    """The contact's cases in this group, oldest first."""
    found = select(HygieneCase).where(
        HygieneCase.chat_id == chat_id, HygieneCase.contact_id == contact_id, col(HygieneCase.state).in_(states)
    )
    return list(session.exec(found.order_by(col(HygieneCase.id))))


def move(session: Session, case: HygieneCase, expected: str, **values: Any) -> bool:
    """Change a case that is in the state `expected`; False when somebody moved it before."""
    session.flush()
    waiting = update(HygieneCase).where(col(HygieneCase.id) == case.id, col(HygieneCase.state) == expected)
    moved = changed(session, waiting.values(**values)) == 1
    session.refresh(case)
    return moved
