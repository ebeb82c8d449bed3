"""The contact's own profile."""

from sqlalchemy import SQLColumnExpression, and_, case, func
from sqlmodel import col

from bot.model.tables import Behaviour, ExternalContact, Follower
from bot.sop import cities
from bot.sop.filters import kind
from bot.sop.filters.kind import OWN, Reach
from bot.sop.scope import Subject
from bot.storage.queries.segments import json_value, some_row
from bot.storage.statements import table_of

REACH: dict[Subject, Reach] = {"contact": OWN}


@kind.text
def name() -> SQLColumnExpression[str | None]:
    """Name that the contact goes by."""
    return col(ExternalContact.name)


@kind.text
def gender() -> SQLColumnExpression[str | None]:
    """Gender on the profile: male or female; missing when unknown."""
    return case((col(ExternalContact.gender) == 1, "male"), (col(ExternalContact.gender) == 2, "female"))


@kind.date
def birthday() -> SQLColumnExpression[object]:
    """Birthday, a day without a time."""
    return col(ExternalContact.birthday)


@kind.lunar
def lunar_birthday() -> SQLColumnExpression[object]:
    """Birthday by the Chinese calendar; of a leap month in the ordinary month, of the 30th on the month's last day."""
    return col(ExternalContact.birthday)


@kind.age
def age() -> SQLColumnExpression[object]:
    """Age in whole years, by the birthday."""
    return col(ExternalContact.birthday)


@kind.secret
def phone() -> SQLColumnExpression[str | None]:
    """Whether a phone number is known."""
    return col(ExternalContact.phone_hash)


@kind.text
def email() -> SQLColumnExpression[str | None]:
    """E-mail address."""
    return col(ExternalContact.email)


@kind.text
def province() -> SQLColumnExpression[str | None]:
    """Province on the contact's profile."""
    return col(ExternalContact.province)


@kind.text
def city() -> SQLColumnExpression[str | None]:
    """City on the contact's profile; missing when the contact hides it."""
    return col(ExternalContact.city)


@kind.text
def city_tier() -> SQLColumnExpression[str | None]:
    """Tier of the city: first, new_first, second or other; missing when the city is."""
    name = func.rtrim(col(ExternalContact.city), "市")
    tiers = [(name.in_(known), tier) for tier, known in cities.TIERS.items()]
    return case(*tiers, (func.coalesce(name, "") != "", "other"))


@kind.text
def company() -> SQLColumnExpression[str | None]:
    """Company on the contact's profile."""
    return col(ExternalContact.company)


@kind.text
def position() -> SQLColumnExpression[str | None]:
    """Position on the contact's profile."""
    return col(ExternalContact.position)


@kind.text
def contact_type() -> SQLColumnExpression[str | None]:
    """Whose app the contact uses: wechat or wecom."""
    return case((col(ExternalContact.contact_type) == 1, "wechat"), (col(ExternalContact.contact_type) == 2, "wecom"))


@kind.flag
def unionid_known() -> SQLColumnExpression[bool]:
    """Whether the contact's unionid is known, so that accounts can be joined."""
    return col(ExternalContact.union_id).is_not(None)


@kind.flag
def profile_known() -> SQLColumnExpression[bool]:
    """Whether the contact's profile has been read from WeCom."""
    return col(ExternalContact.profiled_at).is_not(None)


@kind.date
def first_seen_at() -> SQLColumnExpression[object]:
    """When the contact was first seen by any account."""
    return col(ExternalContact.first_seen_at)


@kind.text
def lifecycle_stage() -> SQLColumnExpression[str]:
    """Lifecycle stage: prospect, new, active, dormant, at_risk or lost."""
    return col(ExternalContact.lifecycle_stage)


@kind.number
def lead_score() -> SQLColumnExpression[int]:
    """Lead score, in points."""
    return col(ExternalContact.lead_score)


@kind.number
def activity_score() -> SQLColumnExpression[int]:
    """Activity score, in points."""
    return col(ExternalContact.activity_score)


@kind.number
def spread_score() -> SQLColumnExpression[int]:
    """Spread score, in points: how much the contact shares and invites."""
    return col(ExternalContact.spread_score)


@kind.text
def rfm_segment() -> SQLColumnExpression[str | None]:
    """Worth by orders: champion, loyal, promising, new_buyer, slipping, sleeping or lost; missing without orders."""
    return col(ExternalContact.rfm_segment)


@kind.text
def rfm() -> SQLColumnExpression[str | None]:
    """Fifths by recency, frequency and money of the orders, such as 5-4-3; 5 is best."""
    return col(ExternalContact.rfm)


@kind.text
def member_level() -> SQLColumnExpression[str | None]:
    """Level of the contact's membership, as the shop tells it."""
    return col(ExternalContact.member_level)


@kind.flag
def official_subscribed() -> SQLColumnExpression[bool]:
    """Whether the contact follows an official account of ours now."""
    mine = and_(col(Follower.contact_id) == col(ExternalContact.id), col(Follower.followed_at).is_not(None))
    return some_row((table_of(Follower),), mine, col(Follower.unfollowed_at).is_(None))


@kind.flag
def miniprogram_authorised() -> SQLColumnExpression[bool]:
    """Whether the contact has authorised a mini-program of ours, as /track told."""
    mine = col(Behaviour.contact_id) == col(ExternalContact.id)
    return some_row((table_of(Behaviour),), mine, col(Behaviour.name) == "miniprogram.authorised")


@kind.number
def points() -> SQLColumnExpression[int]:
    """Points the contact has collected."""
    return col(ExternalContact.points)


@kind.flag
def marketing_consent() -> SQLColumnExpression[bool | None]:
    """Whether the contact agreed to marketing; missing when never asked."""
    return col(ExternalContact.marketing_consent)


@kind.text
def field(name: str) -> SQLColumnExpression[str]:
    """A field of your own that is a text, by its name."""
    return json_value(col(ExternalContact.fields), name, "text")


@kind.number
def field_number(name: str) -> SQLColumnExpression[float]:
    """A field of your own that is a number, by its name."""
    return json_value(col(ExternalContact.fields), name, "number")


@kind.flag
def field_flag(name: str) -> SQLColumnExpression[bool]:
    """A field of your own that is true or false, by its name."""
    return json_value(col(ExternalContact.fields), name, "flag")
