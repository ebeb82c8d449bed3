"""Calls counted by all processes together, through the database: a locked row a window."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.model.limits import Counter, Limit, Window
from bot.model.tables import CounterRow
from bot.storage.database import Urgency
from bot.storage.statements import insert_new, upsert
from bot.storage.tokens import asking_database
from bot.storage.work import Store


class SqlCounters:
    """Rows are locked in the order of their names, so that two processes never wait for each other."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take(self, counters: Sequence[Counter], now: datetime) -> datetime | None:
        """None when a call fits (it counts from then on); otherwise when there may be room."""
        with asking_database("limits"):
            return await self._store.work(lambda work: _take(work.session, counters, now), Urgency.INSTANT)

    async def rest(self, name: str, until: datetime) -> None:
        """Let nothing through that counts against `name` until then."""
        row = {"name": name, "slots": [], "rests_until": until}
        with asking_database("limits"):
            await self._store.work(lambda work: upsert(work.session, CounterRow, [row], ["name"]))


def _take(session: Session, counters: Sequence[Counter], now: datetime) -> datetime | None:
    limits = {_row_name(one, limit): limit for one in counters for limit in one.limits}
    rests = select(CounterRow.rests_until).where(col(CounterRow.name).in_([one.name for one in counters]))
    waits = [until for until in session.exec(rests) if until is not None and until > now]
    if waits:
        return max(waits)
    rows = _locked(session, sorted(limits))
    windows = {row.name: Window(limits[row.name], [(slot[0], slot[1]) for slot in row.slots]) for row in rows}
    if waits := [room_at for window in windows.values() if (room_at := window.room_at(now))]:
        return max(waits)
    for row in rows:
        windows[row.name].add(now)
        row.slots = [list(slot) for slot in windows[row.name].slots]
    return None


def _row_name(counter: Counter, limit: Limit) -> str:
    return f"{counter.name}/{limit.window_s}"


def _locked(session: Session, names: Sequence[str]) -> Sequence[CounterRow]:
    wanted = select(CounterRow).where(col(CounterRow.name).in_(names)).order_by(col(CounterRow.name)).with_for_update()
    rows = session.exec(wanted).all()
    if len(rows) == len(names):
        return rows
    insert_new(session.connection(), CounterRow, [{"name": name, "slots": [], "rests_until": None} for name in names])
    return session.exec(wanted).all()
