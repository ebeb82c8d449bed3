"""What other handlers had written down when the journeys heard of an event, for a replay that does without them.

Rows that say how something stands now, such as a relation, were written over since; they are told anew, event by event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.community import contacts, followers
from bot.model.events import (
    CallFinished,
    ContactLost,
    ContactRemoved,
    Event,
    Greetable,
    GroupChanged,
    MessageReceived,
    OfficialEvent,
)
from bot.model.ids import ContactId, OpenId, UserId
from bot.model.tables import CustomerGroup
from bot.storage.queries import contacts as rows
from bot.storage.queries import followers as follower_rows
from bot.storage.queries import rewinding
from bot.storage.queries.rewinding import Pair
from bot.storage.work import Work


@dataclass(frozen=True)
class Retold:
    """`relations` are rows that were taken out of the past; each comes back when it first begins."""

    relations: dict[Pair, Mapping[str, Any]] = field(default_factory=dict)

    def tell(self, work: Work, event: Event) -> None:
        match event:
            case Greetable():
                before = self.relations.pop((event.external_user_id, event.user_id), None)
                if before is not None:
                    rewinding.begin_relation(work.session, before)
                contacts.follow(work, event)
            case ContactLost():
                contacts.unfollow(work, event.external_user_id, event.user_id, event.at, "lost")
            case ContactRemoved():
                contacts.unfollow(work, event.external_user_id, event.user_id, event.at, "removed")
            case OfficialEvent():
                _note_follower(work, event.open_id, event)
            case MessageReceived(open_id=str(open_id)):
                _note_follower(work, open_id, event)
            case GroupChanged():
                _note_change(work, event)
            case CallFinished():
                _note_greeting(work, event)


def _note_follower(work: Work, open_id: OpenId, event: OfficialEvent | MessageReceived) -> None:
    for follower in follower_rows.by_open(work.session, open_id):
        match event:
            case MessageReceived():
                followers.wrote(follower, event.at)
            case OfficialEvent(name="subscribe"):
                followers.follow(follower, event.at, event.event_key)
            case OfficialEvent(name="unsubscribe") if event.at >= follower.changed_at:
                follower.unfollowed_at, follower.changed_at = event.at, event.at


def _note_change(work: Work, event: GroupChanged) -> None:
    group = work.session.get(CustomerGroup, event.chat_id)
    if group is not None:
        at = max(group.changes.get(event.change, ""), event.at.isoformat())
        group.changes = {**group.changes, event.change: at}


def _note_greeting(work: Work, event: CallFinished) -> None:
    told = event.note["welcome"]
    follow = rows.follow(work.session, ContactId(told["contact_id"]), UserId(told["user_id"]))
    if follow is not None:
        follow.greeted_at = event.at
