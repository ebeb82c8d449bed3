"""Which handlers an event goes to."""

from bot.model.events import EVENTS
from bot.model.tables import InboxRow
from bot.storage.ledger import payloads
from handlers import root


def handlers_of(row: InboxRow) -> list[str]:
    """The handlers of an event, in the order in which they run; none for an event that this version cannot read."""
    if row.kind not in EVENTS:
        return []
    try:
        return [route.name for route in root.routes(payloads.read_event(row.kind, row.payload))]
    except (ValueError, TypeError, LookupError):
        return []
