"""What was called and what was delivered: the tests' evidence and the page's log."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One API call of the bot; `answer` is None when the connection was cut or the answer was not JSON."""

    at: datetime
    endpoint: str
    body: dict[str, object]
    answer: dict[str, object] | None
    query: dict[str, str]
    number: int

    @property
    def errcode(self) -> int | None:
        """0 also where the platform leaves the field out."""
        code = None if self.answer is None else self.answer.get("errcode", 0)
        return code if isinstance(code, int) else None


@dataclass(frozen=True, slots=True)
class RecordedCallback:
    """One attempt to deliver one callback; `outcome` is answered, http, timeout, unreachable, dropped or fault."""

    at: datetime
    receiver: str
    what: str
    plain: str
    attempt: int
    status: int | None
    outcome: str
    number: int
