"""The end of another SOP for the same subject."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel

from bot.sop.actions import Effect, Step, action
from bot.storage.queries import sops
from bot.storage.work import Work


class Params(BaseModel, extra="forbid"):
    sop: str


@action(subject="any")
def stop_sop(step: Step, params: Params) -> Iterator[Effect]:
    """End what the subject is walking in another SOP."""
    yield partial(_stop, subject=step.subject_key, sop=params.sop, reason=step.rule)


def _stop(work: Work, *, subject: str, sop: str, reason: str) -> None:
    sops.end_runs(work.session, subject, sop, f"{sops.STOPPED_BY}{reason}", work.now)
