"""Posts, the groups they go to, and the mass sends that carry them."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select, update

from bot.model.ids import ChatId, UserId
from bot.model.tables import CustomerGroup, MassSend, Post
from bot.storage.statements import changed

UNFINISHED = ("draft", "scheduled", "prepared")


def by_id(session: Session, post_id: int) -> Post | None:
    return session.get(Post, post_id)


def by_key(session: Session, key: str) -> Post | None:
    return session.exec(select(Post).where(Post.dedupe_key == key)).first()


def unfinished(session: Session, author: UserId | None, limit: int = 20) -> Sequence[Post]:
    """Posts that still have something before them, the newest first; of one author, or of everybody."""
    found = select(Post).where(col(Post.state).in_(UNFINISHED))
    if author is not None:
        found = found.where(func.lower(Post.author) == author.lower())
    return session.exec(found.order_by(col(Post.id).desc()).limit(limit)).all()


def move(session: Session, post: Post, expected: Sequence[str], state: str, **values: Any) -> bool:
    """Bring a post to another state; False when it is in none of the expected ones any more."""
    session.flush()
    here = update(Post).where(col(Post.id) == post.id, col(Post.state).in_(expected))
    moved = changed(session, here.values(state=state, **values)) == 1
    session.refresh(post)
    return moved


# ── groups ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def groups(session: Session, chat_ids: Sequence[ChatId]) -> Sequence[CustomerGroup]:
    """Those of `chat_ids` that stand, in the same order."""
    standing = col(CustomerGroup.dismissed_at).is_(None)
    found = session.exec(select(CustomerGroup).where(col(CustomerGroup.chat_id).in_(chat_ids), standing)).all()
    return sorted(found, key=lambda group: chat_ids.index(ChatId(group.chat_id)))


def owned_groups(session: Session, user_id: UserId) -> Sequence[CustomerGroup]:
    """The groups that `user_id` owns and that have not been dismissed."""
    return session.exec(
        select(CustomerGroup)
        .where(func.lower(CustomerGroup.owner) == user_id.lower(), col(CustomerGroup.dismissed_at).is_(None))
        .order_by(CustomerGroup.name, CustomerGroup.chat_id)
    ).all()


# ── mass sends ─────────────────────────────────────────────────────────────────────────────────────────────────────


def mass_send(session: Session, mass_send_id: int) -> MassSend | None:
    return session.get(MassSend, mass_send_id)


def mass_sends(session: Session, post_id: int) -> Sequence[MassSend]:
    """The mass sends of a post, oldest first."""
    return session.exec(select(MassSend).where(MassSend.post_id == post_id).order_by(col(MassSend.id))).all()


def move_mass_send(session: Session, mass: MassSend, expected: Sequence[str], state: str, **values: Any) -> bool:
    """Bring a mass send to another state; False when it is in none of the expected ones any more."""
    session.flush()
    here = update(MassSend).where(col(MassSend.id) == mass.id, col(MassSend.state).in_(expected))
    moved = changed(session, here.values(state=state, **values)) == 1
    session.refresh(mass)
    return moved
