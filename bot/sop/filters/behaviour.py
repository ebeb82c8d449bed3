"""What subjects did, from recorded behaviour: how often, when first and last, how much, or never.

In YAML: `behaviour.order_paid: {count: {gte: 2}, within: 30d}`. The window is [now − 30d, now]. For a group the acts in
it count, for a staff member those that name them.
"""

from datetime import timedelta

from sqlalchemy import SQLColumnExpression
from sqlmodel import col

from bot.model.tables import Behaviour, CustomerGroup, ExternalContact, Staff
from bot.sop.filters import kind
from bot.sop.filters.kind import Reach, through
from bot.sop.scope import Subject
from bot.storage.queries.segments import followed_by

REACH: dict[Subject, Reach] = {
    "contact": through(Behaviour, on=lambda _: col(Behaviour.contact_id) == col(ExternalContact.id)),
    "group": through(Behaviour, on=lambda _: col(Behaviour.chat_id) == col(CustomerGroup.chat_id)),
    "staff": through(Behaviour, on=lambda _: col(Behaviour.user_id) == col(Staff.user_id)),
}


@kind.behaviour
def event(name: str) -> str:
    """Any recorded behaviour, by its name such as order.paid."""
    return name


@kind.own_flag("contact")
def sequence(first: str, then: str, within: timedelta) -> SQLColumnExpression[bool]:
    """One recorded behaviour and then another within a time, such as cart.added and then order.paid."""
    return followed_by(col(ExternalContact.id), first, then, within)


@kind.behaviour
def contact_added() -> str:
    """The contact was added by, or added, a staff member."""
    return "contact_added"


@kind.behaviour
def contact_lost() -> str:
    """The contact deleted a staff member."""
    return "contact_lost"


@kind.behaviour
def contact_removed() -> str:
    """A staff member deleted the contact."""
    return "contact_removed"


@kind.behaviour
def group_joined() -> str:
    """The contact came into a group."""
    return "group_joined"


@kind.behaviour
def link_clicked() -> str:
    """The contact opened a tracked link."""
    return "link.clicked"


@kind.behaviour
def order_paid() -> str:
    """The contact paid an order."""
    return "order.paid"


@kind.behaviour
def page_viewed() -> str:
    """The contact looked at a page."""
    return "page.viewed"


@kind.behaviour
def spoke_in_group() -> str:
    """The contact wrote in a group."""
    return "spoke_in_group"


@kind.behaviour
def spoke_to_staff() -> str:
    """The contact wrote to a staff member alone."""
    return "spoke_to_staff"


@kind.behaviour
def keyword_hit() -> str:
    """The contact used a word that tagging or scoring looks for."""
    return "keyword_hit"


@kind.behaviour
def asked_question() -> str:
    """The contact asked a question."""
    return "asked_question"


@kind.behaviour
def sent_link() -> str:
    """The contact sent a link."""
    return "sent_link"


@kind.behaviour
def group_left() -> str:
    """The contact left a group."""
    return "group_left"


@kind.behaviour
def removed_from_group() -> str:
    """The contact was removed from a group."""
    return "removed_from_group"


@kind.behaviour
def warned() -> str:
    """The contact was warned for breaking a group rule."""
    return "warned"


@kind.behaviour
def official_followed() -> str:
    """The contact followed the official account."""
    return "official_followed"


@kind.behaviour
def official_unfollowed() -> str:
    """The contact unfollowed the official account."""
    return "official_unfollowed"


@kind.behaviour
def official_message() -> str:
    """The contact wrote to the official account."""
    return "official_message"


@kind.behaviour
def menu_clicked() -> str:
    """The contact clicked the official account's menu."""
    return "menu_clicked"


@kind.behaviour
def qr_scanned() -> str:
    """The contact scanned a QR code of the official account."""
    return "qr_scanned"


@kind.behaviour
def sent_image() -> str:
    """The contact sent a picture."""
    return "sent_image"


@kind.behaviour
def sent_miniprogram() -> str:
    """The contact sent a mini-program."""
    return "sent_miniprogram"


@kind.behaviour
def sent_card() -> str:
    """The contact sent somebody's card."""
    return "sent_card"


@kind.behaviour
def sent_red_packet() -> str:
    """The contact sent a red packet."""
    return "sent_red_packet"


@kind.behaviour
def cart_added() -> str:
    """The contact put something into the cart."""
    return "cart.added"


@kind.behaviour
def order_refunded() -> str:
    """The contact got an order refunded."""
    return "order.refunded"


@kind.behaviour
def coupon_received() -> str:
    """The contact got a coupon."""
    return "coupon.received"


@kind.behaviour
def coupon_used() -> str:
    """The contact used a coupon."""
    return "coupon.used"


@kind.behaviour
def form_submitted() -> str:
    """The contact filled in a form."""
    return "form.submitted"


@kind.behaviour
def content_shared() -> str:
    """The contact shared something of ours."""
    return "content.shared"


@kind.behaviour
def friend_invited() -> str:
    """The contact brought a friend."""
    return "friend.invited"


@kind.behaviour
def checked_in() -> str:
    """The contact checked in."""
    return "checked_in"
