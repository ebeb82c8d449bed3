"""What a condition is asked about, and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.model.events import Event

Subject = Literal["contact", "group", "staff"]
SUBJECTS: tuple[Subject, ...] = ("contact", "group", "staff")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The moment of a question. `user_id` and `chat_id` are those of the event, or of the run, if it has any."""

    subject: Subject
    now: datetime
    zone: ZoneInfo = SHANGHAI
    event: Event | None = None
    user_id: str | None = None
    chat_id: str | None = None

    @property
    def local(self) -> datetime:
        return self.now.astimezone(self.zone)


@dataclass(frozen=True)
class Verdict:
    """One condition's answer. `found` is None when there is no such fact."""

    name: str
    passed: bool
    wanted: Any
    found: Any

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "passed": self.passed, "wanted": self.wanted, "found": self.found}


@dataclass(frozen=True)
class Judgement:
    """The answer of a whole condition, with the answer of every leaf."""

    passed: bool
    verdicts: Sequence[Verdict] = field(default_factory=tuple)

    def as_list(self) -> list[dict[str, Any]]:
        return [verdict.as_dict() for verdict in self.verdicts]
