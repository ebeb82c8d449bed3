"""Another SOP for the same subject."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel

from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.followups import start
from bot.storage.work import Work

DEEPEST = 5
"""How many SOPs may start one another before we take it for a circle."""


class Params(BaseModel, extra="forbid"):
    sop: str


@action(subject="any")
def start_sop(step: Step, params: Params) -> Iterator[Effect]:
    """Let the subject enter another SOP, if its conditions hold."""
    if step.depth >= DEEPEST:
        yield Suppress("SOPs start one another", {"sop": params.sop})
        return
    yield partial(_start, run_id=step.run_id, sop=params.sop, key=step.key)


def _start(work: Work, *, run_id: int, sop: str, key: str) -> None:
    work.record(start(run_id, sop, work.now), key=f"{key}:start:{sop}")
