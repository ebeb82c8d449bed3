"""Leads: opened once for what happened, answered by buttons or commands, passed up when nobody answers.

States: new → claimed → done, or ignored; handing over makes it new again for somebody else.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, get_args

from bot import log
from bot.community import contacts, deliveries, lead_cards, policy, recipients, scoring
from bot.community.presses import Acted
from bot.errors import NotFound
from bot.i18n import _
from bot.model.events import CardPressed
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import Alert, Lead
from bot.storage.ledger.timers import Timer
from bot.storage.queries import audit
from bot.storage.queries import leads as rows
from bot.storage.work import Work

logger = log.get(__name__)

ABOUT = "lead"
ESCALATE = "lead.escalate"
EVERYBODY_LINKED = ("event_staff", "event_staff_managers")
Act = Literal["claim", "done", "hand_over", "ignore"]
ACTS: tuple[Act, ...] = get_args(Act)


def get(work: Work, lead_id: int) -> Lead:
    """The lead; raises `NotFound`."""
    lead = rows.by_id(work.session, lead_id)
    if lead is None:
        raise NotFound("lead", lead_id)
    return lead


def open_lead(
    work: Work,
    contact_id: ContactId,
    *,
    kind: str,
    reason: str,
    to: Sequence[str],
    user_id: UserId | None = None,
    chat_id: ChatId | None = None,
) -> Lead:
    """Open a lead and tell those whom `to` names.

    While one of the same kind is open for this contact, no second is: those who have not heard of it get its card.
    """
    contact = contacts.get(work.session, contact_id)
    contact_id = contacts.id_of(contact)
    users = recipients.resolve(
        work.session,
        to or EVERYBODY_LINKED,
        contact_id=contact_id,
        user_id=user_id,
        chat_id=chat_id,
        fallback=EVERYBODY_LINKED,
        now=work.now,
    )
    known = rows.open_lead(work.session, contact_id, kind)
    if known is not None:
        _tell_newcomers(work, known, users, chat_id)
        return known
    lead = rows.add(
        work.session,
        {
            "contact_id": contact_id,
            "kind": kind,
            "reason": reason,
            "score": contact.lead_score,
            "recipients": list(users),
            "opened_at": work.now,
        },
    )
    _send(work, lead, users, chat_id=chat_id)
    linked = recipients.linked_staff(work.session, contact_id=contact_id, user_id=user_id, chat_id=chat_id)
    _watch(work, lead, linked or users)
    return lead


def _tell_newcomers(work: Work, lead: Lead, users: Sequence[UserId], chat_id: ChatId | None) -> None:
    told = {user.lower() for user in lead.recipients}
    if newcomers := [user for user in users if user.lower() not in told]:
        lead.recipients = [*lead.recipients, *newcomers]
        _send(work, lead, newcomers, chat_id=chat_id)


def _send(work: Work, lead: Lead, users: Sequence[UserId], *, text: str = "", chat_id: ChatId | None = None) -> None:
    language = recipients.language_of(work.session, users)
    card = lead_cards.lead_card(work.session, lead, language, text=text, chat_id=chat_id)
    deliveries.send_card(work, card, about=ABOUT, about_id=_id(lead), users=users)


def _id(lead: Lead) -> int:
    assert lead.id is not None
    return lead.id


# ── answering ──────────────────────────────────────────────────────────────────────────────────────────────────────


def pressed(work: Work, alert: Alert, press: CardPressed) -> Acted:
    """A button of a lead's card."""
    lead = rows.by_id(work.session, alert.about_id)
    if lead is None or press.button not in ACTS:
        return Acted(False, _("This card can no longer be answered."))
    return act(work, lead, press.button, press.user_id, press=press)


def act(
    work: Work, lead: Lead, what: Act, user_id: UserId, *, to: UserId | None = None, press: CardPressed | None = None
) -> Acted:
    """Answer a lead, by a card or by a command; every card about it shows the answer.

    Who has not claimed a claimed lead may only answer it as a manager of whoever did. `to` takes over on `hand_over`,
    which otherwise goes to the next manager.
    """
    if refusal := _refusal(work, lead, what, user_id):
        return Acted(False, refusal)
    if what == "hand_over":
        return _hand_over(work, lead, user_id, to, press)
    before = lead.state
    if not rows.move(work.session, lead, before, **_changes(work, lead, what, user_id)):
        return Acted(False, _state_of(work, lead))
    _audit(work, user_id, f"lead.{what}", lead, {"before": before})
    if what == "claim":
        buttons = lead_cards.buttons(policy.of(work.session).language, claimed=True)
        deliveries.refresh(work, ABOUT, _id(lead), text=_state_of(work, lead), buttons=buttons, press=press)
    else:
        scoring.settle(work, ContactId(lead.contact_id), rule="lead_closed", key=f"settled:{lead.id}")
        deliveries.refresh(work, ABOUT, _id(lead), text=_state_of(work, lead), press=press)
    return Acted(True, _state_of(work, lead))


def _refusal(work: Work, lead: Lead, what: Act, user_id: UserId) -> str:
    """Why `user_id` may not do `what`; empty when they may."""
    if lead.state not in rows.OPEN or (lead.state == "claimed" and what == "claim"):
        return _state_of(work, lead)
    if lead.state == "new" or (lead.owner or "").lower() == user_id.lower():
        return ""
    above = [*recipients.managers_of(work.session, UserId(lead.owner or "")), *policy.of(work.session).roles.manager]
    return "" if user_id.lower() in (manager.lower() for manager in above) else _state_of(work, lead)


def _changes(work: Work, lead: Lead, what: Act, user_id: UserId) -> dict[str, Any]:
    if what == "claim":
        return {"state": "claimed", "owner": user_id, "claimed_at": work.now}
    owned = {"owner": lead.owner or user_id, "claimed_at": lead.claimed_at or work.now}
    return {"state": "done" if what == "done" else "ignored", "closed_at": work.now, **owned}


def _hand_over(work: Work, lead: Lead, user_id: UserId, to: UserId | None, press: CardPressed | None) -> Acted:
    target = to or _next_above(work, user_id)
    if target is None:
        return Acted(False, _("There is nobody above you to hand it over to."))
    fresh = {"owner": None, "claimed_at": None, "escalations": lead.escalations + 1, "recipients": [target]}
    if not rows.move(work.session, lead, lead.state, state="new", **fresh):
        return Acted(False, _state_of(work, lead))
    _audit(work, user_id, "lead.hand_over", lead, {"to": target})
    name, other = recipients.name_of(work.session, user_id), recipients.name_of(work.session, target)
    sentence = _("{name} has handed it over to {other}").format(name=name, other=other)
    deliveries.refresh(work, ABOUT, _id(lead), text=sentence, press=press)
    _send(work, lead, [target], text=sentence)
    _watch(work, lead, [target])
    return Acted(True, sentence)


def _next_above(work: Work, user_id: UserId) -> UserId | None:
    above = recipients.managers_of(work.session, user_id)
    named = [UserId(user) for user in policy.of(work.session).roles.manager]
    candidates = recipients.reachable(work.session, [*above, *named], work.now)
    return next((one for one in candidates if one.lower() != user_id.lower()), None)


def _state_of(work: Work, lead: Lead) -> str:
    name = recipients.name_of(work.session, lead.owner or "")
    if lead.state == "claimed":
        return _("{name} has claimed it").format(name=name)
    if lead.state == "done":
        return _("{name} has dealt with it").format(name=name)
    if lead.state == "ignored":
        return _("{name} has set it aside").format(name=name)
    return _("Nobody has claimed it yet")


def _audit(work: Work, actor: str, action: str, lead: Lead, detail: dict[str, Any]) -> None:
    audit.write(
        work.session,
        at=work.now,
        actor=actor,
        action=action,
        target=f"lead:{lead.id}",
        detail=detail,
        trace_id=work.trace_id,
    )


# ── passing up ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _watch(work: Work, lead: Lead, staff: Sequence[UserId], rung: int = 0) -> None:
    """Come back when the time to claim is over, to ask the manager of `staff` on this rung of their ladder."""
    due_at = work.now + timedelta(minutes=policy.of(work.session).claim_within_minutes)
    key = f"lead:{lead.id}:escalate:{lead.escalations}"
    about = {"lead": lead.id, "round": lead.escalations, "rung": rung, "staff": list(staff)}
    work.set_timer(Timer(ESCALATE, key, due_at, f"contact:{lead.contact_id}", about))


def escalate(work: Work, lead_id: int, passed: int, rung: int, staff: Sequence[UserId]) -> None:
    """Nobody claimed a lead in time: the next manager up the tree hears of it and of who missed it, until the top.

    `passed` is how often the lead had been passed on when the timer was set; if that has changed, nothing happens.
    """
    lead = rows.by_id(work.session, lead_id)
    if lead is None or lead.state != "new" or lead.escalations != passed:
        return
    ladder = _ladder(work, staff)
    above = recipients.reachable(work.session, ladder[rung:], work.now)
    if not above:
        logger.warning("nobody claimed a lead, up to the top", lead=lead_id)
        _audit(work, "xiaoer", "lead.unclaimed", lead, {"told": lead.recipients})
        return
    target, missed = above[0], lead.recipients
    told = missed if target in missed else [*missed, target]
    if not rows.move(work.session, lead, "new", escalations=passed + 1, recipients=told):
        return
    _audit(work, "xiaoer", "lead.escalate", lead, {"to": target, "missed": missed})
    _send(work, lead, [target], text=_missed(work, [user for user in missed if user != target]))
    _watch(work, lead, staff, ladder.index(target) + 1)


def _missed(work: Work, users: Sequence[str]) -> str:
    if not users:
        return _("Nobody claimed it in time.")
    names = _(", ").join(recipients.name_of(work.session, user) for user in users)
    return _("Nobody claimed it in time. It had been sent to {names}.").format(names=names)


def _ladder(work: Work, staff: Sequence[UserId]) -> list[UserId]:
    above = [manager for one in staff for manager in recipients.managers_of(work.session, one)]
    return list(dict.fromkeys(above)) or recipients.resolve(work.session, recipients.LAST_RESORT[:1])
