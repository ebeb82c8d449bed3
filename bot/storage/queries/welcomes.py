"""Welcomes that wait in the outbox for a name."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from bot.model.ids import ExternalUserId
from bot.model.lanes import Lane
from bot.model.tables import OutboxRow
from bot.storage.statements import in_state

ENDPOINT = "externalcontact/send_welcome_msg"


def held(session: Session, external_user_id: ExternalUserId) -> Sequence[OutboxRow]:
    """The welcomes for a contact that have not left."""
    waiting = select(OutboxRow).where(
        in_state(OutboxRow.state, "planned"),
        OutboxRow.lane == Lane.INSTANT.value,
        OutboxRow.endpoint == ENDPOINT,
        col(OutboxRow.subject).endswith(f":{external_user_id}", autoescape=True),
    )
    return session.exec(waiting).all()
