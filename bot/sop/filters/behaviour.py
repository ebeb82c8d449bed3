"""What subjects did, from recorded behaviour: how often, when first and last, how much, or never.

In YAML: `behaviour.order_paid: {count: {gte: 2}, within: 30d, where: {product: 口红}}`. The window is [now − 30d, now].
For a group the acts in it count, for a staff member those that name them. `sum`, `avg` and `most` are taken of the
amount, or of the property that `of` names. `{ratio: {lte: 0.5}, within: 30d}` compares with the window before: half as
often, or less.
"""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func
from sqlmodel import col

from bot.model.tables import Behaviour, CustomerGroup, ExternalContact, Staff
from bot.sop.durations import Duration
from bot.sop.filters import kind
from bot.sop.filters import where as properties
from bot.sop.filters.kind import Acts, Reach, through
from bot.sop.filters.where import Property, Where
from bot.sop.scope import Scope, Subject
from bot.storage.queries.segments import followed_by, json_value, over_rows
from bot.storage.statements import table_of

REACH: dict[Subject, Reach] = {
    "contact": through(Behaviour, on=lambda _: col(Behaviour.contact_id) == col(ExternalContact.id)),
    "group": through(Behaviour, on=lambda _: col(Behaviour.chat_id) == col(CustomerGroup.chat_id)),
    "staff": through(Behaviour, on=lambda _: col(Behaviour.user_id) == col(Staff.user_id)),
}
_TABLE = table_of(Behaviour)
NOT_OWN = (
    "contact_removed", "removed_from_group", "warned", "rule_broken", "replied", "points.given", "points.taken",
    "points.expired", "points.expiring",
)  # fmt: skip
"""What is done to contacts, not by them."""


def _value(row: Any, name: str, wanted: str) -> SQLColumnExpression[Any]:
    """A property of a behaviour; the amount has a column of its own."""
    return col(row.amount) if (name, wanted) == ("amount", "number") else json_value(col(row.properties), name, wanted)


def _acts(which: ColumnElement[bool], *names: str, worth: str = "") -> Acts:
    value = partial(_value, Behaviour)
    amount = value(worth, "number") if worth else col(Behaviour.amount)
    return Acts(which, _TABLE.c.at, amount, value, names)


def named(name: str, worth: str = "") -> Acts:
    """Every act of a name; `worth` is the property that sums are taken of, the amount if not given."""
    return _acts(col(Behaviour.name) == name, name, worth=worth)


_own = col(Behaviour.name).not_in(NOT_OWN)


@kind.behaviour
def event(name: str) -> Acts:
    """Any recorded behaviour, by its name such as order.paid."""
    return named(name)


@kind.own_flag("contact")
def sequence(
    first: str,
    then: str,
    within: timedelta,
    first_where: Where = (),
    then_where: Where = (),
    since: Duration | None = None,
    *,
    scope: Scope,
) -> SQLColumnExpression[bool]:
    """One recorded behaviour and then another within a time, both since a time ago if that is given."""

    def also(where: tuple[Property, ...], row: Any) -> list[ColumnElement[bool]]:
        window = [] if since is None else [col(row.at).between(scope.now - since, scope.now)]
        return [*window, *properties.clauses(where, partial(_value, row), scope)]

    conditions = partial(also, first_where), partial(also, then_where)
    return followed_by(col(ExternalContact.id), first, then, within, conditions)


@kind.own_span("contact")
def silent_for() -> SQLColumnExpression[object]:
    """How long the contact has done nothing; of one who never did anything, since they were first seen."""
    mine = and_(col(Behaviour.contact_id) == col(ExternalContact.id), _own)
    last = over_rows((_TABLE,), mine, func.max(col(Behaviour.at)))
    return func.coalesce(last, col(ExternalContact.first_seen_at))


@kind.days
def active_days() -> Acts:
    """On how many days the contact did anything."""
    return _acts(_own)


@kind.averaged
def first_reply_delay() -> Acts:
    """Seconds that the contact, or whoever wrote to the staff member, waited for the first answer, on average."""
    return named("replied")


@kind.counted
def order_count() -> Acts:
    """How many orders the contact paid."""
    return named("order.paid")


@kind.summed
def stay_seconds() -> Acts:
    """Seconds that the contact stayed on pages, all together."""
    return named("page.stayed", "seconds")


@kind.most
def read_percent() -> Acts:
    """How much of a page the contact read at the most, in percent."""
    return named("page.stayed", "percent")


@kind.behaviour
def contact_added() -> Acts:
    """The contact was added by, or added, a staff member."""
    return named("contact_added")


@kind.behaviour
def contact_lost() -> Acts:
    """The contact deleted a staff member."""
    return named("contact_lost")


@kind.behaviour
def contact_removed() -> Acts:
    """A staff member deleted the contact."""
    return named("contact_removed")


@kind.behaviour
def re_added() -> Acts:
    """The contact and a staff member who had parted were joined again."""
    return named("re_added")


@kind.behaviour
def group_joined() -> Acts:
    """The contact came into a group."""
    return named("group_joined")


@kind.behaviour
def group_left() -> Acts:
    """The contact left a group."""
    return named("group_left")


@kind.behaviour
def removed_from_group() -> Acts:
    """The contact was removed from a group."""
    return named("removed_from_group")


@kind.behaviour
def spoke_in_group() -> Acts:
    """The contact wrote in a group."""
    return named("spoke_in_group")


@kind.behaviour
def spoke_to_staff() -> Acts:
    """The contact wrote to a staff member alone."""
    return named("spoke_to_staff")


@kind.behaviour
def keyword_hit() -> Acts:
    """The contact used a word that tagging or scoring looks for."""
    return named("keyword_hit")


@kind.behaviour
def asked_question() -> Acts:
    """The contact asked a question."""
    return named("asked_question")


@kind.behaviour
def mentioned_bot() -> Acts:
    """The contact named the bot in a message."""
    return named("mentioned_bot")


@kind.behaviour
def sent_link() -> Acts:
    """The contact sent a link."""
    return named("sent_link")


@kind.behaviour
def sent_qr() -> Acts:
    """The contact sent a picture with a QR code."""
    return named("sent_qr")


@kind.behaviour
def sent_image() -> Acts:
    """The contact sent a picture."""
    return named("sent_image")


@kind.behaviour
def sent_miniprogram() -> Acts:
    """The contact sent a mini-program."""
    return named("sent_miniprogram")


@kind.behaviour
def sent_card() -> Acts:
    """The contact sent somebody's card."""
    return named("sent_card")


@kind.behaviour
def sent_red_packet() -> Acts:
    """The contact sent a red packet."""
    return named("sent_red_packet")


@kind.behaviour
def flooded() -> Acts:
    """The contact wrote too many messages in too short a time."""
    return named("flooded")


@kind.behaviour
def warned() -> Acts:
    """The contact was warned for breaking a group rule."""
    return named("warned")


@kind.behaviour
def message_opened() -> Acts:
    """The contact opened a message of ours."""
    return named("message.opened")


@kind.behaviour
def link_clicked() -> Acts:
    """The contact opened a tracked link."""
    return named("link.clicked")


@kind.behaviour
def page_viewed() -> Acts:
    """The contact looked at a page."""
    return named("page.viewed")


@kind.behaviour
def shared() -> Acts:
    """The contact shared something of ours."""
    return named("content.shared")


@kind.behaviour
def form_submitted() -> Acts:
    """The contact filled in a form."""
    return named("form.submitted")


@kind.behaviour
def qr_scanned() -> Acts:
    """The contact scanned a QR code of the official account."""
    return named("qr_scanned")


@kind.behaviour
def official_followed() -> Acts:
    """The contact followed the official account."""
    return named("official_followed")


@kind.behaviour
def official_unfollowed() -> Acts:
    """The contact unfollowed the official account."""
    return named("official_unfollowed")


@kind.behaviour
def official_message() -> Acts:
    """The contact wrote to the official account."""
    return named("official_message")


@kind.behaviour
def menu_clicked() -> Acts:
    """The contact clicked the official account's menu."""
    return named("menu_clicked")


@kind.behaviour
def added_to_cart() -> Acts:
    """The contact put something into the cart."""
    return named("cart.added")


@kind.behaviour
def order_paid() -> Acts:
    """The contact paid an order."""
    return named("order.paid")


@kind.behaviour
def refunded() -> Acts:
    """The contact got an order refunded."""
    return named("order.refunded")


@kind.behaviour
def coupon_received() -> Acts:
    """The contact got a coupon."""
    return named("coupon.received")


@kind.behaviour
def coupon_used() -> Acts:
    """The contact used a coupon."""
    return named("coupon.used")


@kind.behaviour
def friend_invited() -> Acts:
    """The contact brought a friend."""
    return named("friend.invited")


@kind.behaviour
def checked_in() -> Acts:
    """The contact checked in."""
    return named("checked_in")


@kind.behaviour
def unsubscribed() -> Acts:
    """The contact asked not to be written to any more."""
    return named("unsubscribed")
