"""Mass sends to a crowd: a date lets people in by the batch, and those of one staff member share tasks all the same.

Each task is one tap of that staff member. It is held back for a moment, and whoever comes meanwhile joins it.
Source: developer.work.weixin.qq.com/document/path/92135
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.model.calls import Call
from bot.model.tables import OutboxRow
from bot.storage.ledger import outbox
from bot.storage.work import Work

MOST = 1000
"""Contacts of a task: as many as one question about its outcome is answered for. The platform takes 10,000."""
GATHER = timedelta(seconds=10)
"""How long a task waits for more, counted from the last who joined."""
TO = "external_userid"


def plan(work: Work, call: Call, members: Sequence[str]) -> None:
    """Plan a task for contacts, or let them into the one that waits.

    `call.key` is the same for all contacts of the crowd who get the same words from the same staff member; each of them
    is in it once, so the first contact of a task tells it from the others. Where everybody gets words of their own, it
    is enough to see that there is no first task: nobody looks through all that waits for the staff member.
    """
    first = f"{call.key}:1"
    begun = outbox.find(work.session, first) is not None
    task = outbox.lock_untried(work.session, call.subject, f"{call.key}:") if begun else None
    if task is not None and len(task.body[TO]) + len(members) <= MOST:
        _join(work, task, members, call.note)
        return
    if task is not None:
        task.ready_at = min(task.ready_at, work.now)
    key = f"{call.key}:{members[0]}" if begun else first
    work.plan(replace(call, key=key, body={**call.body, TO: list(members)}, after=work.now + GATHER))


def _join(work: Work, task: OutboxRow, members: Sequence[str], note: dict[str, Any]) -> None:
    task.body = {**task.body, TO: [*task.body[TO], *members]}
    task.note = {**task.note, "steps": [*task.note["steps"], *note["steps"]]}
    task.ready_at = work.now + GATHER
