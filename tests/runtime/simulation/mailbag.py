"""Callbacks on their way: lost, repeated, overtaken, late, and brought again when nobody said that they had come."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clock import ManualClock
from bot.platforms.simulator import Simulator
from bot.platforms.simulator.deliver import Courier, Letter
from bot.platforms.simulator.seal import Sealed, seal
from tests.runtime.simulation.fate import Fate

ATTEMPTS = 3
AGAIN = timedelta(seconds=5)


@dataclass
class Delivery:
    """One copy of one callback."""

    letter: Letter
    due_at: datetime
    attempts: int = field(default=0)


class Mailbag(Courier):
    """Takes the place of the courier that speaks HTTP."""

    def __init__(self, simulator: Simulator, clock: ManualClock, fate: Fate) -> None:
        super().__init__(simulator.config, clock, simulator.ids, simulator.tasks, simulator.note_callback)
        self._fate, self.waiting = fate, list[Delivery]()
        simulator.courier = self

    def post(self, letter: Letter) -> Letter:
        letter.first.set_result(None)
        if self._fate.strikes(self._fate.loses_letters):
            return letter
        copies = self._fate.random.randint(2, 4) if self._fate.strikes(self._fate.repeats_letters) else 1
        self.waiting += [Delivery(letter, self._when()) for _ in range(copies)]
        return letter

    def take_due(self) -> Delivery | None:
        """Any of those that may arrive now, whichever was posted first."""
        due = [one for one in self.waiting if one.due_at <= self.clock.now()]
        if not due:
            return None
        taken = self._fate.choose(due)
        self.waiting.remove(taken)
        return taken

    def bring_again(self, delivery: Delivery) -> None:
        """It was not answered well: the platform tries a few times and gives up."""
        delivery.attempts += 1
        if delivery.attempts < ATTEMPTS:
            delivery.due_at = self.clock.now() + AGAIN
            self.waiting.append(delivery)

    def seal(self, letter: Letter) -> Sealed:
        return seal(self.config, letter, int(self.clock.now().timestamp()), self.ids)

    def _when(self) -> datetime:
        late = self._fate.random.uniform(0.5, 40.0) if self._fate.strikes(self._fate.delays_letters) else 0.0
        return self.clock.now() + timedelta(seconds=late)
