"""Questions of runs to staff: a card with buttons, and its press as an event of the run's subject."""

from collections.abc import Sequence

from bot.community import deliveries, recipients
from bot.community.cards import Button, Card
from bot.community.presses import Acted
from bot.i18n import _
from bot.model.events import CardPressed, StaffAnswered
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import Alert
from bot.sop.turn import occasion_of
from bot.storage.queries import sops as rows
from bot.storage.work import Work

ABOUT = "run"
"""What the card of a question is about."""


def ask(
    work: Work,
    *,
    run_id: int,
    title: str,
    text: str,
    buttons: Sequence[str],
    to: Sequence[str],
    contact_id: ContactId | None,
    user_id: UserId | None,
    chat_id: ChatId | None,
) -> None:
    users = recipients.resolve(work.session, to, contact_id=contact_id, user_id=user_id, chat_id=chat_id, now=work.now)
    card = Card(title=title, text=text, buttons=tuple(Button(button, button) for button in buttons))
    deliveries.send_card(work, card, about=ABOUT, about_id=run_id, users=users)


def pressed(work: Work, alert: Alert, press: CardPressed) -> Acted:
    """The first answer counts, and everybody sees it."""
    run = rows.find_run(work.session, alert.about_id)
    if run is None:
        return Acted(False, _("This card can no longer be answered."))
    about = occasion_of(run)
    answer = StaffAnswered(
        at=press.at,
        button=press.button,
        by=press.user_id,
        contact_id=about.contact_id,
        chat_id=about.chat_id,
        user_id=about.user_id,
    )
    work.record(answer, key=f"answered:{alert.task_id}")
    name = recipients.name_of(work.session, press.user_id)
    sentence = _("{name} has answered: {answer}").format(name=name, answer=press.button)
    deliveries.refresh(work, ABOUT, alert.about_id, text=sentence, press=press)
    return Acted(True, sentence)
