"""When schedules come next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.sop.calendar import BadCron, check_cron, next_fire
from bot.sop.schema import Trigger
from bot.sop.scope import SHANGHAI


def local(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("cron", "after", "fires"),
    [
        ("0 20 * * *", local(3, 2, 10), local(3, 2, 20)),
        ("0 20 * * *", local(3, 2, 20), local(3, 3, 20)),
        ("30 9 * * 1", local(3, 2, 10), local(3, 9, 9, 30)),
        ("30 9 * * mon", local(3, 2, 10), local(3, 9, 9, 30)),
        ("0 9 * * 0", local(3, 2, 10), local(3, 8, 9)),
        ("0 9 * * 7", local(3, 2, 10), local(3, 8, 9)),
        ("0 9 * * 1-5", local(3, 6, 10), local(3, 9, 9)),
        ("0 9 * * fri-mon", local(3, 3, 10), local(3, 6, 9)),
        ("0 9 * * 5-7", local(3, 8, 10), local(3, 13, 9)),
        ("*/15 * * * *", local(3, 2, 10, 1), local(3, 2, 10, 15)),
        ("0 8 1 * *", local(3, 2, 10), local(4, 1, 8)),
    ],
)
def test_cron_lines_mean_what_cron_means(cron: str, after: datetime, fires: datetime) -> None:
    assert next_fire(Trigger("date", cron=cron), after, SHANGHAI) == fires


@pytest.mark.parametrize(
    "line", ["0 20 * *", "0 20 * * * *", "61 * * * *", "0 0 1 * 1", "0 0 * * 8", "0 0 * * monday-"]
)
def test_what_is_not_a_cron_line_is_refused(line: str) -> None:
    with pytest.raises(BadCron):
        check_cron(line)


def test_an_hour_that_daylight_saving_skips_comes_once_a_day() -> None:
    zone, trigger = ZoneInfo("Europe/Berlin"), Trigger("date", cron="30 2 * * *")
    moment, fires = datetime(2026, 3, 28, 0, 0, tzinfo=UTC), []
    for _day in range(3):
        found = next_fire(trigger, moment, zone)
        assert found is not None
        fires.append(found)
        moment = found
    assert len({fire.astimezone(zone).date() for fire in fires}) == 3


def test_intervals_keep_to_a_grid() -> None:
    trigger = Trigger("date", interval=timedelta(hours=2))
    assert next_fire(trigger, local(3, 2, 10, 5), SHANGHAI) == local(3, 2, 12)
    assert next_fire(trigger, local(3, 2, 12), SHANGHAI) == local(3, 2, 14)


def test_a_date_comes_once() -> None:
    trigger = Trigger("date", moment=datetime(2026, 3, 5, 8))  # noqa: DTZ001
    assert next_fire(trigger, local(3, 2, 10), SHANGHAI) == local(3, 5, 8)
    assert next_fire(trigger, local(3, 5, 8), SHANGHAI) is None
