"""What a group's owner is asked to do about a member: the bot may not warn or remove anybody in a customer group."""

from bot.community import behaviour, contacts, recipients, tagging, tasks
from bot.community.measures import BLOCKLIST
from bot.i18n import _
from bot.model.ids import ChatId, ContactId, UserId
from bot.storage.queries import groups
from bot.storage.work import Work


def warn(work: Work, contact_id: ContactId, chat_id: ChatId, *, rule: str, key: str) -> None:
    """The owner gets a task to say something to the member; that the member was warned is remembered."""
    text = _("Please warn {name} in the group {group}: what was written there is against the group rules.")
    if (owner := _owner(work, chat_id)) is None:
        return
    behaviour.record(
        work,
        contact_id,
        "warned",
        at=work.now,
        key=f"warned:{key}",
        chat_id=chat_id,
        user_id=owner,
        properties={"rule": rule},
    )
    _ask(work, text, contact_id, chat_id, f"{rule}:{key}")


def ask_removal(work: Work, contact_id: ContactId, chat_id: ChatId, *, rule: str, key: str) -> None:
    """The owner gets a task."""
    _ask(work, _("Please remove {name} from the group {group}."), contact_id, chat_id, f"{rule}:{key}")


def block(work: Work, contact_id: ContactId, chat_id: ChatId, *, rule: str, key: str) -> None:
    """The contact gets the tag of the blocklist, the owner a task."""
    tagging.add_tags(work, contact_id, [BLOCKLIST], source="sop", rule=rule)
    text = _("Please remove {name} from the group {group} and put them on the group's blocklist.")
    _ask(work, text, contact_id, chat_id, f"{rule}:{key}")


def _ask(work: Work, text: str, contact_id: ContactId, chat_id: ChatId, reason: str) -> None:
    if (owner := _owner(work, chat_id)) is not None:
        told = _about(work, text, contact_id, chat_id)
        tasks.create_task(work, user_id=owner, text=told, contact_id=contact_id, chat_id=chat_id, reason=reason)


def _owner(work: Work, chat_id: ChatId) -> UserId | None:
    return next(iter(recipients.resolve(work.session, ["group_owner"], chat_id=chat_id)), None)


def _about(work: Work, text: str, contact_id: ContactId, chat_id: ChatId) -> str:
    group = groups.by_id(work.session, chat_id)
    name = contacts.get(work.session, contact_id).name or _("The member")
    return text.format(name=name, group=(group.name if group else "") or chat_id)
