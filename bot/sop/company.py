"""Whoever the event of a run names, and what belongs to them: looked up when an action asks, and once in a turn."""

from dataclasses import dataclass
from functools import cached_property

from sqlmodel import Session

from bot.community import contacts
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import CustomerGroup, ExternalContact, Follower, FollowUser, Staff
from bot.storage.queries import contacts as contact_rows
from bot.storage.queries import followers, groups
from bot.storage.queries import staff as staff_rows


@dataclass(frozen=True)
class Company:
    """The contact, the staff member and the group of one event, as far as it names them."""

    session: Session
    contact_id: ContactId | None
    user_id: UserId | None
    chat_id: ChatId | None

    @cached_property
    def contact(self) -> ExternalContact | None:
        return None if self.contact_id is None else contacts.get(self.session, self.contact_id)

    @cached_property
    def follow(self) -> FollowUser | None:
        """The relation with the staff member of the event; without one, the first that stands."""
        if self.contact is None or self.contact.id is None:
            return None
        if self.user_id is not None:
            return contact_rows.follow(self.session, ContactId(self.contact.id), self.user_id)
        return next(iter(contact_rows.follows(self.session, ContactId(self.contact.id))), None)

    @cached_property
    def follower(self) -> Follower | None:
        if self.contact is None or self.contact.id is None:
            return None
        return next(iter(followers.standing(self.session, ContactId(self.contact.id))), None)

    @cached_property
    def staff(self) -> Staff | None:
        if self.user_id is None:
            return None
        return staff_rows.by_ids(self.session, [self.user_id]).get(self.user_id.lower())

    @cached_property
    def group(self) -> CustomerGroup | None:
        return None if self.chat_id is None else groups.by_id(self.session, self.chat_id)
