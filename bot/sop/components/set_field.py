"""Fields of your own on a contact."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel, Field

from bot.community import contacts
from bot.model.ids import ContactId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import Template
from bot.storage.work import Work


class Params(BaseModel, extra="forbid"):
    field: str = Field(pattern=r"^[\w\-]{1,40}$")
    value: Template


@action(subject="contact")
def set_field(step: Step, params: Params) -> Iterator[Effect]:
    """Set a field of your own on the contact; an empty value removes it."""
    if step.contact_id is None:
        yield Suppress("no contact")
        return
    value = step.render(params.value)
    yield partial(_set, contact_id=ContactId(step.contact_id), field=params.field, value=value)


def _set(work: Work, *, contact_id: ContactId, field: str, value: str) -> None:
    contact = contacts.get(work.session, contact_id)
    kept = {name: known for name, known in contact.fields.items() if name != field}
    contact.fields = {**kept, field: value} if value else kept
