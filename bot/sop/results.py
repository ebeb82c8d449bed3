"""What became of an earlier step of a run, in words from the most telling to the plainest."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session

from bot.model.tables import Run
from bot.sop.schema import Position, spelled
from bot.storage.queries import sops as rows
from bot.storage.queries import trials

CLICKED = "link.clicked"
NEED_A_TAP = ("send_mass", "invite_to_group")
"""Actions that only prepare a message: it leaves when the staff member confirms it."""
WORDS = {"planned": "pending", "unknown": "failed", "expired": "failed", "done": "sent"}


def of_step(session: Session, run: Run, position: Position) -> Sequence[str]:
    """Empty when the run never came to that step."""
    return list(_words(session, run, position))


def _words(session: Session, run: Run, position: Position) -> Iterator[str]:
    step = rows.last_step(session, run, spelled(position))
    if step is None:
        return
    outcome = WORDS.get(step.outcome, step.outcome)
    if outcome == "sent" and trials.happened(session, run, (CLICKED,), step.at):
        yield "clicked"
    elif outcome == "sent" and step.name in NEED_A_TAP and "confirmed_at" not in step.detail:
        yield "unconfirmed"
    yield outcome
