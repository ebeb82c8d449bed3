"""Files that a platform holds for us."""

from sqlmodel import Session

from bot.model.tables import MediaRow
from bot.storage.statements import upsert


def find(session: Session, digest: str) -> MediaRow | None:
    return session.get(MediaRow, digest)


def keep(session: Session, row: MediaRow) -> None:
    upsert(session, MediaRow, [row.model_dump()], key=["digest"])
