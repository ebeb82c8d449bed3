"""How fast the engine decides: steps a second without any database, and how that grows with the length of an SOP.

python -m bench.engine [--seconds N]
"""

import argparse
import time
from datetime import UTC, datetime

from bot.sop import engine
from bot.sop.engine import Elapsed, Ended, Moment, Pause, Perform
from bot.sop.parse import parse
from bot.sop.schema import Sop
from bot.sop.scope import SHANGHAI, Judgement

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
BLOCK = """  - if: {contact.city: 上海}
    then: [{do: note, text: a}]
  - split: {A: {weight: 1, steps: [{do: note, text: a}]}, B: {weight: 1, steps: [{do: note, text: b}]}}
  - wait: 1h
"""


def sop(blocks: int) -> Sop:
    text = "sop: contact/t\ntitle: T\nsubject: contact\ntrigger: contact.added\nsteps:\n" + BLOCK * blocks
    found, wrong = parse(text, "t.yaml", "contact/t")
    assert found is not None, wrong
    return found


def walk(walked: Sop, subject: int) -> int:
    """One run from its beginning to its end; returns how many steps that took."""
    moment = Moment(now=NOW, zone=SHANGHAI, subject=f"contact:{subject}", judge=lambda _asked: Judgement(True))
    steps, outcome = 0, engine.advance(walked, engine.start_of(walked), moment)
    while outcome is not None:
        steps += len(outcome.taken)
        match outcome:
            case Perform(then=then):
                steps += 1
                outcome = engine.advance(walked, then, moment)
            case Pause(position=position):
                outcome = engine.advance(walked, position, moment, Elapsed())
            case Ended():
                break
    return steps


def speed(walked: Sop, seconds: float) -> float:
    began, steps, subject = time.perf_counter(), 0, 0
    while time.perf_counter() - began < seconds:
        steps += walk(walked, subject)
        subject += 1
    return steps / (time.perf_counter() - began)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=3.0)
    seconds = asked.parse_args().seconds
    short = speed(sop(2), seconds)
    print(f"8 steps in the SOP: {short:,.0f} steps/s")
    for blocks in (10, 50):
        long = speed(sop(blocks), seconds)
        print(f"{blocks * 4} steps in the SOP: {long:,.0f} steps/s, {long / short:.2f} of the short one's")


if __name__ == "__main__":
    main()
