"""An app message that was sent, with the copies that members hold."""

from dataclasses import dataclass, field
from datetime import datetime

from .corp import Shown


@dataclass(slots=True)
class SentMessage:
    """`copies` is by lower-case userid; a card keeps its task_id and may be updated until its code is used."""

    msgid: str
    agent_id: int
    kind: str
    at: datetime
    task_id: str = ""
    card_type: str = ""
    copies: dict[str, Shown] = field(default_factory=dict)
    recalled: bool = False
