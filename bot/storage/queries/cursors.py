"""How far something has been read."""

from sqlmodel import Session

from bot.model.tables import Cursor
from bot.storage.statements import upsert

FIGURE = "figure:"
"""How the cursor is called of an SOP that waits for a line to be crossed, before its name."""


def read(session: Session, name: str) -> int:
    """The position, 0 at first."""
    row = session.get(Cursor, name)
    return int(row.value) if row else 0


def read_mark(session: Session, name: str) -> str:
    """A position that a platform gave us, opaque to us; empty at first."""
    row = session.get(Cursor, name)
    return row.value if row else ""


def keep_mark(session: Session, name: str, mark: str) -> None:
    upsert(session, Cursor, [{"name": name, "value": mark}], key=["name"])
    session.expire_all()


def move(session: Session, name: str, position: int) -> None:
    """Move forward to `position`; never back."""
    if position > read(session, name):
        upsert(session, Cursor, [{"name": name, "value": str(position)}], key=["name"])
        session.expire_all()
