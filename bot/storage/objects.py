"""Rows as objects of a session, by questions that are put together once.

A session makes an object of a row in ten times the time that SQLite takes to find it. These are the same objects, of
which there is one for each row of a session, and what is changed on them is written as ever.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Executable, Table, bindparam, event, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Mapper, UOWTransaction, class_mapper
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, SQLModel, select

from bot.storage import prepared, touched
from bot.storage.statements import blank, table_of

T = TypeVar("T", bound=SQLModel)


@dataclass(frozen=True)
class _Kind:
    """How rows of a table become objects."""

    mapper: Mapper[Any]
    names: Sequence[str]
    keys: Sequence[str]
    key_at: Sequence[int]
    by_id: Executable
    again: Executable


@lru_cache(maxsize=64)
def _kind(model: type[SQLModel]) -> _Kind:
    mapper, table = class_mapper(model), table_of(model)
    names, keys = [column.name for column in table.columns], [column.name for column in table.primary_key]
    by_id = select(model).where(table.c[keys[0]] == bindparam("id"))
    again = by_id.execution_options(populate_existing=True)
    return _Kind(mapper, names, keys, [names.index(key) for key in keys], by_id, again)


def every(session: Session, model: type[T], question: Executable, **values: Any) -> list[T]:
    """The objects of `SELECT model …`, with its values filled in. What is pending is written before.

    The question has to be one that lives on: it is remembered.
    """
    session.flush()
    if session.get_bind().dialect.name != "sqlite":
        return list(session.execute(question, values).scalars())
    kind = _kind(model)
    return [_object(session, kind, row) for row in prepared.rows(session, question, values)]


def first(session: Session, model: type[T], question: Executable, **values: Any) -> T | None:
    found = every(session, model, question, **values)
    return found[0] if found else None


def find(session: Session, model: type[T], id: Any) -> T | None:
    """The object with this primary key, from the session or from the database."""
    known: T | None = session.identity_map.get((model, (id,), None))
    return known if known is not None else first(session, model, _kind(model).by_id, id=id)


def again(session: Session, model: type[T], id: Any) -> T | None:
    """The object with this primary key as it now stands in the database."""
    return first(session, model, _kind(model).again, id=id)


def _object(session: Session, kind: _Kind, row: Sequence[Any]) -> Any:
    key = (kind.mapper.class_, tuple(row[at] for at in kind.key_at), None)
    known = session.identity_map.get(key)
    if known is not None:
        _refresh(known, zip(kind.names, row, strict=True))
        return known
    return _held(session, kind, key, zip(kind.names, row, strict=True))


def _held(session: Session, kind: _Kind, key: Any, values: Iterable[tuple[str, Any]]) -> Any:
    """A new object of the session, as if the session had loaded it."""
    one = kind.mapper.class_manager.new_instance()
    instance_dict(one).update(values)
    state = instance_state(one)
    state.key, state.session_id = key, session.hash_key
    session.identity_map.add(state)
    return one


def _refresh(known: SQLModel, values: Iterable[tuple[str, Any]]) -> None:
    """What was read before may be old: a statement has written the row since, or another process before its lock."""
    held = instance_dict(known)
    for name, value in values:
        if name not in held or held[name] != value:
            set_committed_value(known, name, value)


def add(session: Session, model: type[T], row: Mapping[str, Any]) -> T:
    """Insert a row at once, and hold it as an object; what it does not name has its default."""
    kind, whole = _kind(model), {**deepcopy(blank(model)), **row}
    session.flush()
    [key] = prepared.rows(session, _insert(table_of(model)), whole)
    whole.update(zip(kind.keys, key, strict=True))
    touched.remember(session, table_of(model).name, whole)
    one: T = _held(session, kind, (model, key, None), whole.items())
    return one


@lru_cache(maxsize=64)
def _insert(table: Table) -> Executable:
    return table.insert().returning(*table.primary_key)


@contextmanager
def all_or_nothing(session: Session) -> Iterator[None]:
    """What fails in the block leaves nothing behind, and the transaction goes on.

    The session's own savepoints cost twice what an action does: they have a name each, and so are spelled each time.
    """
    session.flush()
    prepared.execute(session, _SAVEPOINT, {})
    try:
        yield
        session.flush()
    except BaseException:
        for one in list(session.new):
            session.expunge(one)
        prepared.execute(session, _ROLLBACK, {})
        _look_again(session)
        raise
    finally:
        prepared.execute(session, _RELEASE, {})


def _look_again(session: Session) -> None:
    """Bring what the session holds in line with the database. An object whose row was taken back is let go: the next
    row may get its id."""
    session.expire_all()
    for one in list(session):
        try:
            session.refresh(one)
        except InvalidRequestError:
            session.expunge(one)


_SAVEPOINT, _ROLLBACK, _RELEASE = map(
    text, ("SAVEPOINT block", "ROLLBACK TO SAVEPOINT block", "RELEASE SAVEPOINT block")
)


# ── what was changed ───────────────────────────────────────────────────────────────────────────────────────────────


@event.listens_for(AnySession, "before_flush")
def _write_changes(session: AnySession, _flush: UOWTransaction, _objects: object) -> None:
    """Write what was changed on rows that are there; with rows that come or go, the session puts all of it in order."""
    if session.new or session.deleted:
        return
    for state in sorted(map(instance_state, session.dirty), key=lambda state: str(state.key)):
        _write(session, state)


def _write(session: AnySession, state: Any) -> None:
    changes = {
        name: state.dict[name]
        for name, before in state.committed_state.items()
        if name in state.dict and state.dict[name] != before
    }
    kind = _kind(state.class_)
    if any(isinstance(value, ClauseElement) for value in changes.values()) or not changes.keys().isdisjoint(kind.keys):
        return
    if changes:
        table = table_of(state.class_)
        key = {f"of_{name}": value for name, value in zip(kind.keys, state.key[1], strict=True)}
        if prepared.execute(session, _update(table), {**changes, **key}) != 1:
            raise StaleDataError(f"a row of {table} is gone")
        touched.remember(session, table.name, state.dict)
    state._commit_all(state.dict, session.identity_map)  # as the session does after its own UPDATE


@lru_cache(maxsize=64)
def _update(table: Table) -> Executable:
    """Which columns it sets follows from the values that it is given."""
    return table.update().where(*(key == bindparam(f"of_{key.name}") for key in table.primary_key))
