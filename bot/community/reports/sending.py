"""Sends a report to staff, each in their language: the words at once, the picture after them."""

from collections.abc import Sequence
from datetime import timedelta

from bot.community import notices, policy
from bot.community.reports import figures, render
from bot.model.calls import Call, Upload
from bot.model.ids import UserId, staff_key
from bot.storage.queries import staff
from bot.storage.work import Work


def send(work: Work, users: Sequence[UserId], name: figures.PeriodName, *, key: str) -> None:
    """The report up to yesterday, counted once for everybody; under the same `key` each gets it once."""
    settings = policy.of(work.session)
    period = figures.Period.ending_yesterday(name, work.now, settings.zone)
    claim_within = timedelta(minutes=settings.claim_within_minutes)
    told = figures.report(work.session, period, work.now, claim_within)
    known = staff.by_ids(work.session, users)
    for user in users:
        row = known.get(user.lower())
        language = (row.language if row else None) or settings.language
        notices.message_staff(work, [user], render.text(told, language), key=f"{key}:{user}")
        work.plan(picture_call(user, render.picture_name(period, language), key=f"{key}:{user}:picture"))


def picture_call(user: UserId, name: str, *, key: str) -> Call:
    """A picture that is drawn when its turn comes: calls of one subject leave one after the other."""
    image = {"media_id": Upload(path=name).placeholder()}
    return Call("message/send", {"touser": user, "msgtype": "image", "image": image}, key=key, subject=staff_key(user))
