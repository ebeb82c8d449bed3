"""Which handlers an event goes to."""

from bot.model.events import EVENTS
from bot.model.tables import InboxRow
from bot.storage import ledger
from handlers import root


def handlers_of(row: InboxRow) -> list[str]:
    """The handlers of an event, in the order in which they run; none for an event that this version cannot read."""
    if row.kind not in EVENTS:
        return []
    try:
        return [route.name for route in root.routes(ledger.read_event(row.kind, row.payload))]
    except (ValueError, TypeError, LookupError):
        return []
