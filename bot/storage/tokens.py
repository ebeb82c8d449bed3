"""Access tokens shared through the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, delete

from bot.errors import Unreachable
from bot.model.tables import TokenRow
from bot.model.tokens import SealedToken
from bot.storage.database import Urgency
from bot.storage.leases import Lease
from bot.storage.statements import changed, upsert
from bot.storage.work import Store, Work

T = TypeVar("T")


@contextmanager
def asking_database(what: str) -> Iterator[None]:
    """A database that does not answer is `Unreachable`: nothing has been sent, and trying again is right."""
    try:
        yield
    except DBAPIError as error:
        raise Unreachable(what, "the database does not answer", arrived=False) from error


class SqlTokens:
    """A row a token; what is in it is sealed."""

    def __init__(self, store: Store) -> None:
        self._store, self._holder = store, uuid4().hex

    async def find(self, name: str) -> SealedToken | None:
        with asking_database("token"):
            row = await self._store.read(lambda session: session.get(TokenRow, name))
        return None if row is None else SealedToken(row.sealed, row.expires_at)

    async def keep(self, name: str, token: SealedToken) -> None:
        row = {"name": name, "sealed": token.text, "expires_at": token.expires_at}
        await self._do(lambda work: upsert(work.session, TokenRow, [row], ["name"]))

    async def drop(self, name: str, token: SealedToken) -> None:
        this = delete(TokenRow).where(col(TokenRow.name) == name, col(TokenRow.sealed) == token.text)
        await self._do(lambda work: changed(work.session, this))

    async def begin(self, name: str, lasts: timedelta) -> bool:
        lease = Lease(f"token:{name}", lasts, self._holder)
        return await self._do(lambda work: lease.take(work.session, work.now))

    async def end(self, name: str) -> None:
        lease = Lease(f"token:{name}", timedelta(), self._holder)
        await self._do(lambda work: lease.give_back(work.session))

    async def _do(self, change: Callable[[Work], T]) -> T:
        with asking_database("token"):
            return await self._store.work(change, Urgency.INSTANT)
