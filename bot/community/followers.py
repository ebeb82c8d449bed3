"""Followers of the official account: who follows, since when and by which scene, and which contact they are."""

from datetime import datetime
from typing import Any

from bot.community import contacts, replies
from bot.community.joining import join, split
from bot.community.rules import Rules
from bot.model.events import Event, MessageReceived, OfficialEvent
from bot.model.ids import ContactId, OpenId, contact_key
from bot.model.tables import ExternalContact, Follower
from bot.storage.queries import audit
from bot.storage.queries import followers as rows
from bot.storage.work import Work

__all__ = ["answer", "contact_of", "ensure", "follow", "join", "learn", "split", "tags_of", "unfollow", "wrote"]


def ensure(work: Work, app_id: str, open_id: OpenId, at: datetime) -> Follower:
    """The follower with this id, and the contact behind them, known from `at` on if they were not."""
    known = rows.find(work.session, app_id, open_id)
    if known is None:
        contact = ExternalContact(first_seen_at=at)
        work.session.add(contact)
        work.session.flush()
        if not rows.add(work.session, app_id, open_id, contacts.id_of(contact)):
            work.session.delete(contact)  # another worker was faster
        known = rows.find(work.session, app_id, open_id)
        assert known is not None
    return known


def contact_of(follower: Follower) -> ContactId:
    return ContactId(follower.contact_id)


def follow(follower: Follower, at: datetime, scene: str) -> bool:
    """Write down that somebody follows the account; False when something newer is known, which then stands."""
    if at < follower.changed_at:
        return False
    follower.followed_at, follower.unfollowed_at, follower.changed_at = at, None, at
    follower.scene = scene
    return True


def unfollow(work: Work, follower: Follower, at: datetime) -> bool:
    """Write down that somebody left the account; False when something newer is known, which then stands.

    The platform wants a person's information deleted then. Who is also our contact elsewhere stays known there.
    """
    if at < follower.changed_at:
        return False
    follower.unfollowed_at, follower.changed_at = at, at
    contact = contacts.get(work.session, contact_of(follower))
    if contact.external_user_id is None and not rows.standing(work.session, contact_of(follower)):
        _forget(work, contact_of(follower))
    return True


def _forget(work: Work, contact_id: ContactId) -> None:
    rows.forget(work.session, contact_id)
    audit.write(
        work.session,
        at=work.now,
        actor="xiaoer",
        action="follower.forgotten",
        target=contact_key(contact_id),
        trace_id=work.trace_id,
    )


def wrote(follower: Follower, at: datetime) -> None:
    """Note that somebody wrote: who writes follows, even if nobody told us since when."""
    follower.wrote_at = max(at, follower.wrote_at or at)
    if follower.followed_at is None and follower.unfollowed_at is None:
        follower.followed_at = at


def learn(work: Work, app_id: str, answer: dict[str, Any]) -> ExternalContact | None:
    """Take over what `user/info` tells of a follower: since 2021 little more than the unionid.

    Source: developers.weixin.qq.com/doc/offiaccount/User_Management/Get_users_basic_information_UnionID.html
    """
    follower = rows.find(work.session, app_id, OpenId(str(answer.get("openid", ""))))
    if follower is None or follower.unfollowed_at is not None or not answer.get("subscribe"):
        return None
    follower.scene = follower.scene or str(answer.get("qr_scene_str") or answer.get("qr_scene") or "")
    contact = contacts.get(work.session, contact_of(follower))
    contact.profiled_at = contact.profiled_at or work.now
    contact.union_id = contact.union_id or str(answer.get("unionid") or "") or None
    return join(work, contact)


def tags_of(rules: Rules, scene: str, *, is_new: bool) -> list[str]:
    """The tags that a scene brings along; a new follower gets those of the greeting too."""
    special = rules.replies.subscribe.scenes.get(scene)
    greeted = replies.greeting(rules.replies, scene).tags if is_new else special.tags if special else ()
    return list(dict.fromkeys((*greeted, *rules.tags_of_state(scene))))


def answer(rules: Rules, event: Event) -> str | None:
    """What a follower is told at once, inside the answer to the callback; None when there is nothing to say."""
    match event:
        case OfficialEvent(name="subscribe", event_key=scene):
            return replies.greeting(rules.replies, scene).text or None
        case OfficialEvent(name="scan", event_key=scene) if scene in rules.replies.subscribe.scenes:
            return replies.greeting(rules.replies, scene).text or None
        case OfficialEvent(name="click", event_key=menu_key):
            return _keyword(rules, menu_key)
        case MessageReceived(channel="official", text=words) if words:
            return replies.match(rules.replies, words)
    return None


def _keyword(rules: Rules, menu_key: str) -> str | None:
    """The answer to a menu key; the one for words that nobody understood is none for a menu."""
    found = replies.match(rules.replies, menu_key)
    return None if found == rules.replies.default else found
