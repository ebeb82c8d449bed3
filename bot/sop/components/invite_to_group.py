"""The way into a group, for a contact."""

from collections.abc import Iterator

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.i18n import _
from bot.sop.actions import Effect, Step, action
from bot.sop.attachments import Address, Attachment, Link, MediaFile, render_attachments
from bot.sop.components.send_mass import mass_send
from bot.sop.template import WelcomeText


class Params(BaseModel, extra="forbid"):
    text: WelcomeText = Field(min_length=1)
    url: Address | None = None
    title: str = Field("加入群聊", min_length=1)
    qr: MediaFile | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Params":
        if (self.url is None) == (self.qr is None):
            reason = _("give the join way as `url` or as `qr`, a picture in the media folder")
            raise PydanticCustomError("join_way", "{reason}", {"reason": reason})
        return self

    @property
    def attach(self) -> list[Attachment]:
        if self.url is not None:
            return [Attachment(link=Link(title=self.title, url=self.url))]
        return [Attachment(image=self.qr)]


@action(subject="contact", needs="wecom", reaches="mass")
def invite_to_group(step: Step, params: Params) -> Iterator[Effect]:
    """Prepare a message with a group's join way, which the staff member confirms by a tap."""
    yield from mass_send(step, step.render(params.text), render_attachments(params.attach))
