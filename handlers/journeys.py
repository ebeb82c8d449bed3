"""Journeys: events start and wake the runs of SOPs. Included last, when others have written down what happened."""

from datetime import timedelta

from bot.community import contacts, groups, speakers
from bot.model.events import (
    CallFinished,
    CardPressed,
    ContactAdded,
    ContactEdited,
    ContactHalfAdded,
    ContactLost,
    ContactRemoved,
    Event,
    GroupChanged,
    LeadQualified,
    MemberJoined,
    MemberLeft,
    MessageReceived,
    OfficialEvent,
    ScheduleDue,
    SegmentEntered,
    SegmentExited,
    StaffAnswered,
    StaffWrote,
    TimerDue,
    Tracked,
)
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import ExternalContact
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.sop import figures, followups, runner
from bot.sop.triggers import names_of
from bot.storage.queries import contacts as rows
from handlers.commands.parse import is_command

router = Router("journeys")
SAME_ADDING = timedelta(seconds=10)
"""How far the time of a callback may be from the time that WeCom shows for the same adding."""


def relation(
    event: ContactAdded | ContactHalfAdded | ContactLost | ContactRemoved | ContactEdited, ctx: Context
) -> None:
    """Something between a contact and a staff member."""
    contact = contacts.find(ctx.session, external_user_id=event.external_user_id)
    if contact is not None and not _is_late(event, contact, ctx):
        _run(event, ctx, contact_id=contacts.id_of(contact), user_id=event.user_id)


def _is_late(
    event: ContactAdded | ContactHalfAdded | ContactLost | ContactRemoved | ContactEdited,
    contact: ExternalContact,
    ctx: Context,
) -> bool:
    """Whether something newer is known of the relation, or a reading told of this very adding before."""
    if isinstance(event, ContactHalfAdded | ContactEdited):
        return False
    follow = rows.follow(ctx.session, contacts.id_of(contact), event.user_id)
    if follow is None:
        return False
    if isinstance(event, ContactAdded) and not event.found and follow.found_at is not None:
        return event.at <= follow.found_at + SAME_ADDING
    return event.at < follow.changed_at


router.on(ContactAdded)(relation)
router.on(ContactHalfAdded)(relation)
router.on(ContactLost)(relation)
router.on(ContactRemoved)(relation)
router.on(ContactEdited)(relation)


def member(event: MemberJoined | MemberLeft, ctx: Context) -> None:
    _run(event, ctx, contact_id=event.contact_id, chat_id=event.chat_id)


router.on(MemberJoined)(member)
router.on(MemberLeft)(member)


@router.on(GroupChanged)
def group(event: GroupChanged, ctx: Context) -> None:
    if groups.is_newest(ctx.work, event):
        _run(event, ctx, chat_id=event.chat_id)


@router.on(MessageReceived, where=lambda event: event.channel != "aibot" or not is_command(event.text))
def message(event: MessageReceived, ctx: Context) -> None:
    contact_id = speakers.find_contact(ctx.work, event)
    _run(event, ctx, contact_id=contact_id, chat_id=event.chat_id, user_id=event.user_id or event.to)
    for flood in figures.flooded(ctx.work, ctx.library, event, contact_id):
        _run(flood, ctx, contact_id=flood.contact_id, chat_id=flood.chat_id)


@router.on(StaffWrote, where=lambda event: not is_command(event.text))
def written(event: StaffWrote, ctx: Context) -> None:
    """A staff member wrote to the app, and not a command."""
    said = MessageReceived(
        at=event.at, channel="app", message_id=event.message_id, text=event.text, user_id=event.user_id
    )
    _run(said, ctx, user_id=event.user_id)


@router.on(CardPressed)
def pressed(event: CardPressed, ctx: Context) -> None:
    _run(event, ctx, user_id=event.user_id)


@router.on(OfficialEvent)
def official(event: OfficialEvent, ctx: Context) -> None:
    contact = contacts.find(ctx.session, open_id=event.open_id)
    _run(event, ctx, contact_id=_id(contact))


@router.on(Tracked)
def tracked(event: Tracked, ctx: Context) -> None:
    _run(event, ctx, contact_id=speakers.find_tracked(ctx.work, event))


@router.on(LeadQualified)
def lead(event: LeadQualified, ctx: Context) -> None:
    _run(event, ctx, contact_id=event.contact_id, chat_id=event.chat_id, user_id=event.user_id)


@router.on(TimerDue, where=lambda event: event.name in followups.NAMES)
def timer(event: TimerDue, ctx: Context) -> None:
    """A wait is over, or an earlier transaction left work."""
    runner.on_timer(ctx.work, ctx.library, event)


@router.on(ScheduleDue)
def schedule(event: ScheduleDue, ctx: Context) -> None:
    runner.on_schedule(ctx.work, ctx.library, event)


def named(event: SegmentEntered | SegmentExited | StaffAnswered, ctx: Context) -> None:
    """An event of our own that names its subject."""
    _run(event, ctx, contact_id=event.contact_id, chat_id=event.chat_id, user_id=event.user_id)


router.on(SegmentEntered)(named)
router.on(SegmentExited)(named)
router.on(StaffAnswered)(named)


@router.on(CallFinished, where=lambda event: "steps" in event.note)
def finished(event: CallFinished, ctx: Context) -> None:
    """A call that a step planned has ended."""
    runner.on_call_finished(ctx.work, event)


def _run(
    event: Event,
    ctx: Context,
    *,
    contact_id: ContactId | None = None,
    chat_id: ChatId | None = None,
    user_id: UserId | None = None,
) -> None:
    runner.on_event(
        ctx.work,
        ctx.library,
        event,
        contact_id=contact_id,
        chat_id=chat_id,
        user_id=user_id,
        triggers=names_of(event),
    )


def _id(contact: ExternalContact | None) -> ContactId | None:
    return None if contact is None else contacts.id_of(contact)
