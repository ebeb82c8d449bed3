"""Troubles that only a person can end: the managers and admins hear of each, at the most once an hour."""

from collections.abc import Mapping

from bot.community import errcodes, notices, recipients
from bot.i18n import Sentence
from bot.i18n import gettext as _
from bot.model.events import AppEvent, CallFinished
from bot.storage.queries import failures as rows
from bot.storage.work import Work

WHO = ("role:manager", "role:admin")
ONCE_IN_S = 3600
TOLD = "trouble"
"""The note on a message that tells of one: should that message fail, nobody is told of it in turn."""
REFUSED: Sentence = (
    "{platform} refuses {endpoint}: {errcode}, {reason}. Please set that right, then try again what failed: /failures"
)
WARNINGS: Mapping[str, Sentence] = {
    "inactive_alert": "WeCom will suspend this app soon, because it has long been unused.",
    "close_inactive_agent": "WeCom has suspended this app, because it has long been unused.",
    "low_active_alert": "WeCom will soon keep contacts' data from this app, because too few people use it.",
    "low_active": "WeCom keeps contacts' data from this app, because too few people use it.",
}
"""By the names of the app's events. Source: developer.work.weixin.qq.com/document/path/90240"""


def call_failed(work: Work, event: CallFinished) -> None:
    """Tell of a call that was refused because settings or rights at the platform are wrong."""
    call = rows.call(work.session, event.call_id)
    if call is None or TOLD in event.note or not errcodes.needs_a_person(call):
        return
    reason = errcodes.sentence(call) or call.reason
    told = {"endpoint": call.endpoint, "platform": call.platform, "errcode": call.errcode, "reason": reason}
    _tell(work, f"{call.platform}:{call.errcode}", REFUSED, told)


def warned(work: Work, event: AppEvent) -> None:
    """The platform warns whoever runs the app."""
    _tell(work, event.name, WARNINGS[event.name], {})


def _tell(work: Work, what: str, sentence: Sentence, told: Mapping[str, object]) -> None:
    key = f"{TOLD}:{what}:{int(work.now.timestamp()) // ONCE_IN_S}"
    to = recipients.resolve(work.session, WHO)
    text = _(sentence, recipients.language_of(work.session, to)).format(**told)
    notices.message_staff(work, to, text, key=key, note={TOLD: what})
