"""The versions of SOPs: which there are, and which is in force."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session, and_, col, func, select

from bot.model.tables import SopState, SopVersion


def every(session: Session, sop: str) -> Sequence[SopVersion]:
    """All versions of an SOP, the first first."""
    return session.exec(select(SopVersion).where(SopVersion.sop == sop).order_by(col(SopVersion.id))).all()


def in_force(session: Session) -> Mapping[str, SopVersion]:
    """The version of each SOP that is in force."""
    is_so = and_(col(SopVersion.sop) == SopState.sop, col(SopVersion.digest) == SopState.digest)
    return {version.sop: version for version in session.exec(select(SopVersion).join(SopState, is_so))}


def counts(session: Session) -> Mapping[str, int]:
    """How many versions each SOP has had."""
    return dict(session.exec(select(SopVersion.sop, func.count()).group_by(SopVersion.sop)).all())
