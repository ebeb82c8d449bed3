"""/who: what is known of a contact, to those who may know it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.community import contacts, recipients
from bot.i18n import _
from bot.model.tables import ExternalContact, FollowUser
from bot.sop import lifecycle
from bot.storage.queries import contacts as rows
from bot.storage.queries import groups, lookups, tags
from handlers.commands.command import Ask, command
from handlers.commands.contact import find_contact, masked, named
from handlers.commands.parse import Arguments, Rest

LOOKING_BACK = timedelta(days=30)


class Whom(Arguments):
    contact: Rest


@command("who", "客户", role="staff", form="/who NAME")
def who(ask: Ask, words: Whom) -> str:
    """Show a contact: profile, staff, tags, score, messages"""
    contact = find_contact(ask, words.contact)
    return "\n".join(_lines(ask, contact))


def _lines(ask: Ask, contact: ExternalContact) -> Iterator[str]:
    contact_id = contacts.id_of(contact)
    yield f"{named(contact)} {contact.external_user_id or ''}".rstrip()
    if profile := [part for part in (contact.company, contact.position, contact.province, contact.city) if part]:
        yield masked(" · ".join(profile))
    stage = _(lifecycle.NAMES.get(contact.lifecycle_stage, contact.lifecycle_stage))
    sentence = _("Stage: {stage} · lead score {score} · {points} points")
    yield sentence.format(stage=stage, score=contact.lead_score, points=contact.points)
    if contact.phone_sealed:
        yield _("Phone: on record, hidden here")
    for follow in rows.follows(ask.session, contact_id):
        yield _follower(ask, follow)
    if carried := sorted(tags.carried(ask.session, contact_id, ask.ctx.now)):
        yield _("Tags: {tags}").format(tags=_(", ").join(carried))
    if joined := [group.name or group.chat_id for group in groups.groups_of(ask.session, contact_id)]:
        yield _("Groups: {groups}").format(groups=_(", ").join(joined))
    for lead in lookups.open_leads_of(ask.session, contact_id):
        yield _("Lead {id}: {reason}").format(id=lead.id, reason=masked(lead.reason))
    count, last = lookups.messages_of(ask.session, contact_id, ask.ctx.now - LOOKING_BACK)
    day = _day(ask, last) if last else "–"
    yield _("Messages in 30 days: {count}, the last one {day}").format(count=count, day=day)


def _follower(ask: Ask, follow: FollowUser) -> str:
    name = recipients.name_of(ask.session, follow.user_id)
    added = _("Added by {name} on {day}").format(name=name, day=_day(ask, follow.added_at))
    return f"{added} ({masked(follow.remark)})" if follow.remark else added


def _day(ask: Ask, moment: datetime) -> str:
    return moment.astimezone(ask.ctx.settings.zone).date().isoformat()
