"""Rows as objects, and statements that are put together once: the same over every engine."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import bindparam
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session, col, select, update

from bot.model.tables import Behaviour, ExternalContact, FollowUser
from bot.storage import objects, touched
from bot.storage.database import Database
from bot.storage.statements import append, ask, insert_id

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NAMED = select(ExternalContact).where(col(ExternalContact.name).in_(bindparam("names", expanding=True)))
RENAME = update(ExternalContact).values(name="Hao")


def mei(**more: Any) -> Mapping[str, Any]:
    return {"external_user_id": "wm1", "name": "Mei", "first_seen_at": NOW, **more}


def test_a_row_is_one_object_however_it_is_found(database: Database) -> None:
    def look(session: Session) -> None:
        added = objects.add(session, ExternalContact, mei(fields={"size": 38}))
        assert objects.find(session, ExternalContact, added.id) is added
        assert objects.first(session, ExternalContact, NAMED, names=["Mei"]) is added
        assert session.exec(select(ExternalContact)).one() is added
        assert (added.points, added.fields) == (0, {"size": 38})
        assert objects.find(session, ExternalContact, 99) is None

    database.run_here(look)
    [found] = database.run_here(lambda session: objects.every(session, ExternalContact, NAMED, names=["Mei"]))
    assert (found.name, found.first_seen_at, found.fields) == ("Mei", NOW, {"size": 38})


def test_what_is_changed_is_written_and_noticed(database: Database) -> None:
    def change(session: Session) -> set[str]:
        contact = objects.add(session, ExternalContact, mei())
        touched.take(session)
        contact.name, contact.points = "Hao", 0
        contact.fields = {"size": 40}
        return touched.take(session).get(f"contact:{contact.id}", set())

    assert database.run_here(change) == {"external_contact"}
    found = database.run_here(lambda session: session.exec(select(ExternalContact)).one())
    assert (found.name, found.fields) == ("Hao", {"size": 40})


def test_what_a_statement_wrote_is_seen_when_it_is_asked_for_again(database: Database) -> None:
    def change(session: Session) -> None:
        contact = objects.add(session, ExternalContact, mei())
        session.connection().execute(RENAME)
        assert contact.name == "Mei"
        assert objects.again(session, ExternalContact, contact.id) is contact
        assert contact.name == "Hao"
        assert not session.dirty

    database.run_here(change)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 9])
def test_a_list_may_have_any_length(database: Database, count: int) -> None:
    def look(session: Session) -> list[str | None]:
        for number in range(6):
            objects.add(session, ExternalContact, mei(external_user_id=f"wm{number}", name=f"n{number}"))
        names = [f"n{number}" for number in range(count)]
        return [one.name for one in objects.every(session, ExternalContact, NAMED, names=names)]

    assert sorted(filter(None, database.run_here(look))) == [f"n{number}" for number in range(min(count, 6))]


def test_values_come_back_as_they_were(database: Database) -> None:
    asked = select(
        col(Behaviour.at), col(Behaviour.amount), col(Behaviour.properties), col(Behaviour.dedupe_key)
    ).where(Behaviour.name == bindparam("name"))
    row = {"name": "order.paid", "at": NOW, "amount": Decimal("9.90"), "properties": {"a": [1, None]}}

    def look(session: Session) -> Any:
        contact = objects.add(session, ExternalContact, mei())
        assert insert_id(session, Behaviour, {**row, "contact_id": contact.id, "dedupe_key": "k"}) is not None
        assert insert_id(session, Behaviour, {**row, "contact_id": contact.id, "dedupe_key": "k"}) is None
        return ask(session, asked, name="order.paid")

    assert database.run_here(look) == [(NOW, Decimal("9.90"), {"a": [1, None]}, "k")]


def test_what_fails_in_a_block_leaves_nothing_behind(database: Database) -> None:
    def act(session: Session) -> tuple[str | None, int]:
        contact = objects.add(session, ExternalContact, mei())
        other = objects.add(session, ExternalContact, mei(external_user_id="wm2"))
        with suppress(ZeroDivisionError), objects.all_or_nothing(session):
            contact.name = "Hao"
            objects.add(session, FollowUser, follow(contact))
            session.add(FollowUser(**{**follow(contact), "user_id": "lin"}))
            contact.points = other.points = 9
            raise ZeroDivisionError
        assert contact.points == other.points == 0
        contact.points = 3
        with objects.all_or_nothing(session):
            objects.add(session, FollowUser, follow(contact))
        return contact.name, len(session.exec(select(FollowUser)).all())

    assert database.run_here(act) == ("Mei", 1)
    points = database.run_here(lambda session: session.exec(select(ExternalContact.points)).all())
    assert sorted(points) == [0, 3]


def test_what_a_failed_block_has_inserted_is_in_nobodys_way(database: Database) -> None:
    """SQLite gives the id of a row that was taken back to the next one, while somebody may still hold the object."""

    def act(session: Session) -> set[str]:
        contact, held = objects.add(session, ExternalContact, mei()), []
        with suppress(ZeroDivisionError), objects.all_or_nothing(session):
            held.append(objects.add(session, FollowUser, follow(contact)))
            held.append(FollowUser(**{**follow(contact), "user_id": "lin"}))
            session.add(held[-1])
            session.flush()
            raise ZeroDivisionError
        assert not any(one in session for one in held)
        assert contact in session
        objects.add(session, FollowUser, {**follow(contact), "user_id": "hao"})
        session.add(FollowUser(**{**follow(contact), "user_id": "wu"}))
        session.flush()
        return set(session.exec(select(FollowUser.user_id)).all())

    assert database.run_here(act) == {"hao", "wu"}


def follow(contact: ExternalContact) -> dict[str, Any]:
    return {"contact_id": contact.id, "user_id": "zhou", "added_at": NOW, "changed_at": NOW}


@pytest.mark.parametrize(
    ("row", "error"),
    [(mei(first_seen_at=NOW.replace(tzinfo=None)), StatementError), ({"name": "Mei"}, IntegrityError)],
)
def test_what_goes_wrong_is_told_as_ever(database: Database, row: Mapping[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        database.run_here(lambda session: append(session, ExternalContact, row))
