"""Group hygiene: what a contact wrote against the rules becomes a case, a card to humans, and what they make of it.

The platform lets nobody but a human warn or remove a member, so a case ends by a press and, for a removal, by the event
that the member has gone. States: open → warned | removal_asked | blocked | ignored; removal_asked → removed; `shadow`
cases were written down only.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.community import behaviour, deliveries, hygiene_cards, measures, recipients
from bot.community.cards import sound
from bot.community.presses import Acted
from bot.community.rules import Breach, HygieneRules, Rules, judge_message
from bot.i18n import _
from bot.model.events import CardPressed, MessageReceived
from bot.model.ids import ChatId, ContactId
from bot.model.tables import Alert, HygieneCase
from bot.storage.queries import hygiene as rows
from bot.storage.queries import tags
from bot.storage.work import Work

ABOUT = "case"
TOLD = ("group_owner", "role:manager")
QUOTED = 2000
"""How many characters of a message a case keeps; what follows in the same minutes is kept up to twice that."""
BEFORE = 200


def examine(work: Work, rules: Rules, message: MessageReceived, contact_id: ContactId) -> HygieneCase | None:
    """Open a case for a group message of a contact, or add it to the one that waits; None when nothing is wrong.

    While a card about the same contact in the same group waits for its answer, further breaches within
    `merge_minutes` are added to its case: people who are being flooded need one card, not twenty.
    """
    breaches = judge_message(rules, message.text).breaches
    if not breaches or message.chat_id is None or _is_trusted(work, rules.hygiene, message, contact_id):
        return None
    if not _is_news(work, message, contact_id, breaches):
        return None
    quote, spans = _quoted(message.text, [(breach.start, breach.end) for breach in breaches])
    names = _names(breaches)
    since = work.now - timedelta(minutes=rules.hygiene.merge_minutes)
    waiting = rows.open_since(work.session, message.chat_id, contact_id, since)
    if waiting is not None:
        return _add(waiting, names, quote, spans)
    case = HygieneCase(
        chat_id=message.chat_id,
        contact_id=contact_id,
        message_id=message.message_id,
        rules=names,
        spans=spans,
        quote=quote,
        state="shadow" if rules.hygiene.shadow else "open",
        opened_at=work.now,
    )
    work.session.add(case)
    work.session.flush()
    if case.state == "open":
        _tell(work, rules.hygiene, case)
    return case


def _is_trusted(work: Work, rules: HygieneRules, message: MessageReceived, contact_id: ContactId) -> bool:
    if message.external_user_id in rules.trusted.contacts:
        return True
    return not tags.carried(work.session, contact_id, work.now).isdisjoint(rules.trusted.tags)


def _is_news(work: Work, message: MessageReceived, contact_id: ContactId, breaches: Sequence[Breach]) -> bool:
    return behaviour.record(
        work,
        contact_id,
        "rule_broken",
        at=message.at,
        key=f"rule_broken:{message.message_id}",
        chat_id=message.chat_id,
        properties={"rules": _names(breaches)},
    )


def _names(breaches: Sequence[Breach]) -> list[str]:
    return list(dict.fromkeys(breach.rule for breach in breaches))


def _quoted(text: str, spans: list[tuple[int, int]]) -> tuple[str, list[list[int]]]:
    """The part of a message that a case keeps, and the spans in it."""
    spans = sorted(set(spans))
    start = max(0, spans[0][0] - BEFORE) if len(text) > QUOTED else 0
    quote = sound(text[start : start + QUOTED])
    inside = [[begin - start, min(end - start, len(quote))] for begin, end in spans if begin - start < len(quote)]
    return quote, inside


def _add(case: HygieneCase, names: list[str], quote: str, spans: list[list[int]]) -> HygieneCase:
    case.rules = list(dict.fromkeys([*case.rules, *names]))
    offset = len(case.quote) + 1
    if offset + len(quote) <= 2 * QUOTED:
        case.spans = [*case.spans, *([begin + offset, end + offset] for begin, end in spans)]
        case.quote = f"{case.quote}\n{quote}"
    return case


def _tell(work: Work, rules: HygieneRules, case: HygieneCase) -> None:
    users = recipients.resolve(work.session, TOLD, chat_id=ChatId(case.chat_id), now=work.now)
    card = hygiene_cards.case_card(work.session, rules, case, recipients.language_of(work.session, users))
    assert case.id is not None
    deliveries.send_card(work, card, about=ABOUT, about_id=case.id, users=users)


def pressed(work: Work, alert: Alert, press: CardPressed) -> Acted:
    """A button of a case's card: the first press decides, later ones are told how it was decided."""
    case = rows.by_id(work.session, alert.about_id)
    if case is None or press.button not in measures.STATES:
        return Acted(False, _("This card can no longer be answered."))
    measure = measures.STATES[press.button]
    decided = {"state": measure, "measure": press.button, "decided_by": press.user_id, "decided_at": work.now}
    if not rows.move(work.session, case, "open", **decided):
        return Acted(False, decision(work, case))
    measures.carry_out(work, case)
    deliveries.refresh(work, ABOUT, alert.about_id, text=decision(work, case), press=press)
    return Acted(True, decision(work, case))


def decision(work: Work, case: HygieneCase) -> str:
    """What was decided, and by whom."""
    name = recipients.name_of(work.session, case.decided_by or "")
    sentences = {
        "open": _("Nobody has decided yet"),
        "warned": _("{name} wants the member warned"),
        "removal_asked": _("{name} wants the member removed"),
        "removed": _("The member has been removed"),
        "blocked": _("{name} has put the member on the blocklist"),
        "ignored": _("{name} let it pass"),
    }
    return sentences.get(case.state, case.state).format(name=name)


def member_left(work: Work, chat_id: ChatId, contact_id: ContactId, *, at: datetime, was_removed: bool) -> None:
    """Somebody left a group: what was asked of its owner is done, and a removal is confirmed on the case.

    A departure from before the case, told late, says nothing about it.
    """
    for case in rows.in_states(work.session, chat_id, contact_id, ("open", "removal_asked", "blocked")):
        if at < case.opened_at:
            continue
        measures.close_tasks(work, case)
        if not was_removed or case.state == "blocked":
            continue
        before = case.state
        if rows.move(work.session, case, before, state="removed", measure="remove") and before == "open":
            assert case.id is not None
            deliveries.refresh(work, ABOUT, case.id, text=decision(work, case))
