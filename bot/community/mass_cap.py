"""The platform's cap on mass sends: how many a contact or a customer group may get, from corp and staff together.

Beyond it a mass send is confirmed and reaches nobody. So what would not fit is not asked for, and whoever planned it
says so. What staff send by themselves no callback tells; where a result shows that a cap is full, it is taken as full.
Source: developer.work.weixin.qq.com/document/path/92135
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.community import policy
from bot.storage.queries import mass_counts as rows
from bot.storage.work import Work

RULE = "mass send cap"
"""What the suppression ledger calls it."""
BEIJING = ZoneInfo("Asia/Shanghai")


def take(work: Work, subject: str) -> bool:
    """Count one more mass send to a subject; False when the cap is full, and then it must not be planned."""
    until, most = window(work.now, policy.of(work.session).reach.mass_cap)
    return rows.take(work.session, subject, until, most)


def give_back(work: Work, subject: str, planned_at: datetime) -> None:
    """A mass send that was counted then has reached nobody, and will not."""
    rows.give_back(work.session, subject, window(planned_at, policy.of(work.session).reach.mass_cap)[0])


def is_full(work: Work, subject: str) -> None:
    """The platform says that a subject gets no more."""
    until, most = window(work.now, policy.of(work.session).reach.mass_cap)
    rows.fill(work.session, subject, until, most)


def window(now: datetime, cap: str) -> tuple[datetime, int]:
    """When the share of now is renewed, and how many it holds: the days of the month, seven a week, or one a day."""
    today = now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    match cap:
        case "day":
            until, most = today + timedelta(days=1), 1
        case "week":
            until, most = today + timedelta(days=7 - today.weekday()), 7
        case _:
            most = monthrange(today.year, today.month)[1]
            until = today.replace(day=1) + timedelta(days=most)
    return until.astimezone(UTC), most
