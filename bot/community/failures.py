"""Dead letters, and what a person may do about them: try again, or let go. Every such act is written down.

`E12` is an event that was given up, `C34` a call that failed, came too late, or of which nobody knows how it ended.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.community import errcodes
from bot.errors import BadInput, NotFound
from bot.i18n import Sentence, _
from bot.model.ids import TraceId
from bot.model.tables import InboxRow, OutboxRow
from bot.storage.queries import audit
from bot.storage.queries import failures as rows
from bot.storage.work import Work

Failure = InboxRow | OutboxRow
NAME = re.compile(r"(?P<kind>[EC])(?P<id>\d{1,18})", re.IGNORECASE)
STATES: dict[str, Sentence] = {
    "buried": "given up",
    "failed": "failed",
    "unknown": "outcome unknown",
    "expired": "too late",
}


def name_of(row: Failure) -> str:
    return f"{'E' if isinstance(row, InboxRow) else 'C'}{row.id}"


def get(session: Session, name: str) -> Failure:
    """The dead letter of this name; raises `BadInput` for what is no name, `NotFound` when nothing bad is called so."""
    found = NAME.fullmatch(name.strip())
    if found is None:
        raise BadInput(
            _("A failure is called E and a number, or C and a number: “{word}” is neither.").format(word=name)
        )
    look = rows.event if found["kind"].upper() == "E" else rows.call
    row: Failure | None = look(session, int(found["id"]))
    if row is None or row.state not in STATES:
        raise NotFound("failure", name)
    return row


def latest(session: Session, limit: int) -> Sequence[Failure]:
    """Events and calls together, the newest first."""
    both: list[Failure] = [*rows.events(session, limit), *rows.calls(session, limit)]
    return sorted(both, key=ended_at, reverse=True)[:limit]


def ended_at(row: Failure) -> datetime:
    return row.finished_at or row.ready_at


# ── explaining ─────────────────────────────────────────────────────────────────────────────────────────────────────


def line(row: Failure) -> str:
    """A dead letter in one line."""
    what = row.kind if isinstance(row, InboxRow) else row.endpoint
    return " · ".join([name_of(row), what, _(STATES[row.state]), *([reason(row)] if reason(row) else [])])


def reason(row: Failure) -> str:
    """Why it went wrong: in a sentence where the errcode has one, in the platform's words otherwise."""
    if isinstance(row, InboxRow):
        return row.error
    said = errcodes.sentence(row) or row.reason
    return f"{row.errcode} {said}".rstrip() if row.errcode else said


def advice(row: Failure) -> str:
    """What trying again would do."""
    if isinstance(row, InboxRow):
        return _("Trying again hands the event to its handlers once more.")
    if row.state == "unknown":
        return _("No answer came: it may have arrived. Sent again, it may arrive twice.")
    if row.state == "expired":
        return _("It was useful until {moment} only; sent again, it leaves without an end.").format(
            moment=row.deadline.isoformat(timespec="seconds") if row.deadline else "–"
        )
    verdict = errcodes.verdict(row)
    return _("Trying again sends it once more, as it is.") + (f" ({verdict})" if verdict else "")


# ── acting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def retry(work: Work, name: str, by: str, *, sure: bool = False) -> str:
    """Try a dead letter again and say so; one that may arrive twice raises `BadInput` unless somebody is `sure`."""
    row = get(work.session, name)
    if row.state == "unknown" and not sure:
        raise BadInput(
            _("{name} may arrive twice: nobody knows whether it did. Say so if you are sure.").format(name=name)
        )
    if isinstance(row, InboxRow):
        _moved(work, row, "retry", by, rows.handle_again(work.session, row.id or 0, work.now))
        work.announced.add(f"inbox.{row.lane}")
        return _("{name} is handled again.").format(name=name_of(row))
    _moved(work, row, "retry", by, rows.send_again(work.session, row.id or 0, row.state, work.now))
    work.announced.add(f"outbox.{row.lane}")
    return _("{name} is sent again.").format(name=name_of(row))


def drop(work: Work, name: str, by: str) -> str:
    """Let a dead letter go; it stays in the ledger, and counts no longer."""
    row = get(work.session, name)
    if isinstance(row, InboxRow):
        moved = rows.drop_event(work.session, row.id or 0, work.now)
    else:
        moved = rows.drop_call(work.session, row.id or 0, row.state, work.now)
    _moved(work, row, "drop", by, moved)
    return _("{name} is let go.").format(name=name_of(row))


def _moved(work: Work, row: Failure, act: str, by: str, moved: bool) -> None:
    if not moved:
        raise BadInput(_("Somebody has just taken care of {name}.").format(name=name_of(row)))
    what = row.kind if isinstance(row, InboxRow) else row.endpoint
    audit.write(
        work.session,
        at=work.now,
        actor=by,
        action=f"failures.{act}",
        target=name_of(row),
        detail={"what": what, "was": row.state, "reason": reason(row)[:200]},
        trace_id=TraceId(row.trace_id),
    )
