"""What a handler is given beside its event."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import policy
from bot.community.rules import Rules
from bot.settings import Settings
from bot.sop.library import Library
from bot.storage.work import Work


@dataclass(frozen=True)
class Context:
    """The unit of work that the handler is part of, and the knowledge that does not change while it runs."""

    work: Work
    settings: Settings
    library: Library
    rules: Rules

    def __post_init__(self) -> None:
        policy.use(self.work.session, self.settings)

    @property
    def session(self) -> Session:
        return self.work.session

    @property
    def now(self) -> datetime:
        return self.work.now
