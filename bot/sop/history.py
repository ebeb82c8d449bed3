"""What a rehearsal knows of what is to come: nothing when it invents the future, everything when it walks the past."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlmodel import Session

from bot.model.calls import Call
from bot.model.events import Outcome, TimerDue
from bot.storage.work import Work


class Fired(NamedTuple):
    """When something was handled, and its turn among whatever was handled at that moment."""

    at: datetime
    turn: int


@dataclass(frozen=True)
class End:
    """How a call ends; at once, unless it is known when."""

    outcome: Outcome
    fired: Fired | None = None


class History(Protocol):
    """What is to come, and what stood there at each moment."""

    def fired(self, session: Session, event: TimerDue) -> Fired | None:
        """When a timer was handled; None when it is not known to have been set."""
        ...

    def end_of(self, session: Session, call: Call) -> End | None:
        """How a call ended; None when it had not."""
        ...

    def restore(self, work: Work) -> None:
        """Put back what stood there at the moment of a unit of work."""
        ...


class Unwritten:
    """No history: every call is accepted at once, every timer comes when it is due."""

    def fired(self, _session: Session, _event: TimerDue) -> Fired | None:
        return None

    def end_of(self, _session: Session, _call: Call) -> End | None:
        return End("sent")

    def restore(self, _work: Work) -> None:
        return
