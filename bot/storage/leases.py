"""Leases: who alone may do something, for a while. Whoever dies loses them by the clock.

What is done under a lease has to be harmless when two do it: a holder that was stopped for a while learns of its loss
only afterwards.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete, or_, text

from bot.model.tables import LeaseRow
from bot.storage.statements import changed, table_of


class Lease:
    """One lease as one holder sees it."""

    def __init__(self, name: str, lasts: timedelta, holder: str | None = None) -> None:
        self.name, self._lasts, self._holder = name, lasts, holder or uuid4().hex

    def take(self, session: Session, now: datetime) -> bool:
        """Take the lease, or renew it; False while another holds it.

        One that ends later than it may was taken by a clock that was wrong: it is free, or nobody had it for hours.
        """
        row = {"name": self.name, "holder": self._holder, "until": now + self._lasts}
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        insert = (sqlite.insert if is_sqlite else postgresql.insert)(table_of(LeaseRow)).values(row)
        until = col(LeaseRow.until)
        free = or_(col(LeaseRow.holder) == self._holder, until <= now, until > now + 2 * self._lasts)
        changes = {"holder": insert.excluded.holder, "until": insert.excluded.until}
        taken = insert.on_conflict_do_update(index_elements=["name"], set_=changes, where=free)
        return session.connection().execute(taken.returning(col(LeaseRow.name))).first() is not None

    def give_back(self, session: Session) -> None:
        """Let the next one have it at once."""
        mine = (col(LeaseRow.name) == self.name, col(LeaseRow.holder) == self._holder)
        changed(session, delete(LeaseRow).where(*mine))


def one_at_a_time(session: Session, number: int) -> None:
    """Wait until no other transaction is past this line with the same number. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
