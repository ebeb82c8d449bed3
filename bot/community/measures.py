"""What follows from a decision on a hygiene case. The bot may not act in a customer group: it asks those who may."""

from typing import Any

from bot.community import behaviour, contacts, notices, recipients, tagging, tasks
from bot.i18n import _
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import HygieneCase
from bot.storage.queries import audit, groups
from bot.storage.queries import leads as task_rows
from bot.storage.work import Work

STATES = {"warn": "warned", "remove": "removal_asked", "block": "blocked", "ignore": "ignored"}
"""The measures that can be chosen, and the state each leads to."""
BLOCKLIST = "群规/黑名单"


def carry_out(work: Work, case: HygieneCase) -> None:
    """Do what the decision asks for, and write down that it was made."""
    _audit(work, case)
    contact_id, chat_id = ContactId(case.contact_id), ChatId(case.chat_id)
    if (owner := _owner(work, chat_id)) is None:
        return
    name = contacts.get(work.session, contact_id).name or _("The member")
    group = _group_name(work, chat_id)
    if case.state == "warned":
        key = f"warned:{case.id}"
        behaviour.record(work, contact_id, "warned", at=work.now, key=key, chat_id=chat_id, user_id=owner)
        text = _("Please warn {name} in the group {group}: what was written there is against the group rules.")
        notices.message_staff(work, [owner], text.format(name=name, group=group))
    elif case.state == "removal_asked":
        _ask(work, case, owner, _("Please remove {name} from the group {group}.").format(name=name, group=group))
    elif case.state == "blocked":
        rule = f"hygiene:{'+'.join(case.rules)}"
        tagging.add_tags(work, contact_id, [BLOCKLIST], source="staff", rule=rule, evidence=f"case:{case.id}")
        text = _("Please remove {name} from the group {group} and put them on the group's blocklist.")
        _ask(work, case, owner, text.format(name=name, group=group))


def _ask(work: Work, case: HygieneCase, owner: UserId, text: str) -> None:
    contact_id, chat_id = ContactId(case.contact_id), ChatId(case.chat_id)
    tasks.create_task(work, user_id=owner, text=text, contact_id=contact_id, chat_id=chat_id, reason=_reason(case))


def close_tasks(work: Work, case: HygieneCase) -> None:
    """The member has gone: nothing is left to ask of the owner."""
    contact_id, chat_id = ContactId(case.contact_id), ChatId(case.chat_id)
    for task in task_rows.open_tasks(work.session, _reason(case), contact_id, chat_id):
        tasks.close(work, task)


def _reason(case: HygieneCase) -> str:
    return f"case:{case.id}"


def _owner(work: Work, chat_id: ChatId) -> UserId | None:
    """The group's owner, or who stands in for them; None in a corp that named nobody."""
    return next(iter(recipients.resolve(work.session, ["group_owner"], chat_id=chat_id)), None)


def _group_name(work: Work, chat_id: ChatId) -> str:
    group = groups.by_id(work.session, chat_id)
    return (group.name if group else "") or chat_id


def _audit(work: Work, case: HygieneCase) -> None:
    detail: dict[str, Any] = {"rules": case.rules, "chat_id": case.chat_id, "contact": case.contact_id}
    audit.write(
        work.session,
        at=work.now,
        actor=case.decided_by or "xiaoer",
        action=f"hygiene.{case.measure}",
        target=f"case:{case.id}",
        detail=detail,
        trace_id=work.trace_id,
    )
