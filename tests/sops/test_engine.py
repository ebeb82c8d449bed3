"""The engine, asked directly: no database, no clock."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.sop import engine
from bot.sop.engine import Elapsed, Ended, Heard, Moment, Pause, Perform
from bot.sop.moments import next_fit
from bot.sop.parse import parse
from bot.sop.schema import Position, Sop, WaitUntil, spelled
from bot.sop.scope import SHANGHAI, Judgement
from bot.sop.shares import share_of

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def sop(steps: str) -> Sop:
    text = f"sop: contact/test\ntitle: Test\nsubject: contact\ntrigger: contact.added\nsteps:\n{steps}"
    found, findings = parse(text, "test.yaml", "contact/test")
    assert found is not None, findings
    return found


def moment(passes: bool = True, now: datetime = NOW, subject: str = "contact:1") -> Moment:
    return Moment(now=now, zone=SHANGHAI, subject=subject, judge=lambda _condition: Judgement(passes))


def walked(steps: str, *, passes: bool = True, subject: str = "contact:1") -> list[str]:
    """What the engine does with an SOP when every action is done at once, to its end or its first wait."""
    walking, path = sop(steps), list[str]()
    position: Position | None = engine.start_of(walking)
    while True:
        outcome = engine.advance(walking, position, moment(passes, subject=subject))
        assert outcome is not None
        path += [f"{one.name}:{one.outcome}" for one in outcome.taken]
        match outcome:
            case Perform(step=step, position=at, then=then):
                path.append(f"{step.name}@{spelled(at)}")
                position = then
            case Pause(name=name):
                return [*path, name]
            case Ended(reason=reason):
                return [*path, f"end:{reason}"]


NESTED = """
  - if: {contact.city: 上海}
    then:
      - do: note
        text: a
      - if: {contact.city: 上海}
        then: [{do: note, text: b}]
    else:
      - exit: not here
  - do: note
    text: c
"""


def test_a_run_comes_out_of_nested_blocks_where_it_went_in() -> None:
    path = ["if:then", "note@0.then.0", "if:then", "note@0.then.1.then.0", "note@1", "end:"]
    assert walked(NESTED) == path
    assert walked(NESTED, passes=False) == ["if:else", "exit:exited", "end:not here"]


def test_an_empty_way_goes_on() -> None:
    steps = "  - if: {contact.city: 上海}\n    then: [{do: note, text: a}]\n  - do: note\n    text: b\n"
    assert walked(steps, passes=False) == ["if:else", "note@1", "end:"]


BRANCH = """
  - branch:
      - {when: {contact.city: 上海}, steps: [{do: note, text: a}]}
      - {name: north, when: {contact.city: 北京}, steps: [{do: note, text: b}]}
    default: [{goal: true}]
"""


def test_a_branch_takes_the_first_way_that_fits_or_the_default() -> None:
    assert walked(BRANCH) == ["branch:way 1", "note@0.way 1.0", "end:"]
    assert walked(BRANCH, passes=False) == ["branch:default", "goal:reached", "end:goal"]


SPLIT = "  - split: {A: {weight: 1, steps: [{exit: A}]}, B: {weight: 3, steps: [{exit: B}]}}\n"


def test_a_split_is_stable_and_keeps_its_weights() -> None:
    ways = [walked(SPLIT, subject=f"contact:{n}")[-1] for n in range(2000)]
    assert ways == [walked(SPLIT, subject=f"contact:{n}")[-1] for n in range(2000)]
    assert 440 < ways.count("end:A") < 560


def advance(steps: str, news: Any, passes: bool = True) -> Any:
    return engine.advance(sop(steps), (0,), moment(passes), news)


WAIT_FOR = """
  - wait_for: {event: message.received, within: 1h, where: {message.text: 试色}}
    then: [{exit: heard}]
    timeout: [{exit: silence}]
"""


def test_a_wait_for_ends_with_its_event_or_by_time() -> None:
    waiting = engine.advance(sop(WAIT_FOR), (0,), moment())
    assert isinstance(waiting, Pause)
    assert (waiting.event, waiting.until) == ("message.received", NOW + timedelta(hours=1))
    assert advance(WAIT_FOR, Heard("message.received")).reason == "heard"
    assert advance(WAIT_FOR, Elapsed()).reason == "silence"
    assert advance(WAIT_FOR, Heard("member.joined")) is None
    assert advance(WAIT_FOR, Heard("message.received"), passes=False) is None


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("step", "now", "until"),
    [
        (WaitUntil(clock=time(20)), local(2, 10), local(2, 20)),
        (WaitUntil(clock=time(20)), local(2, 20), local(2, 20)),
        (WaitUntil(clock=time(20)), local(2, 21), local(3, 20)),
        (WaitUntil(weekdays=frozenset({5})), local(2, 10), local(7, 0)),
        (WaitUntil(weekdays=frozenset({0})), local(2, 10), local(2, 10)),
        (WaitUntil(weekdays=frozenset({0}), clock=time(8)), local(2, 10), local(9, 8)),
        (WaitUntil(quiet=(time(22), time(8))), local(2, 23), local(3, 8)),
        (WaitUntil(quiet=(time(22), time(8))), local(2, 3), local(2, 8)),
        (WaitUntil(quiet=(time(22), time(8))), local(2, 8), local(2, 8)),
        (WaitUntil(quiet=(time(12), time(14))), local(2, 13), local(2, 14)),
        (WaitUntil(moment=datetime(2026, 3, 5, 9)), local(2, 10), local(5, 9)),  # noqa: DTZ001
        (WaitUntil(moment=datetime(2026, 3, 1, 9)), local(2, 10), local(2, 10)),  # noqa: DTZ001
    ],
)
def test_the_next_moment_that_fits(step: WaitUntil, now: datetime, until: datetime) -> None:
    assert next_fit(step, now, SHANGHAI) == until


def test_shares_are_even() -> None:
    shares = [share_of(f"contact:{n}", "salt") for n in range(5000)]
    assert all(0 <= share < 1 for share in shares)
    assert 440 < sum(share < 0.1 for share in shares) < 560
