"""What happens when: the table of contents. Handlers of one event run in this order."""

from bot.runtime.router import Router
from handlers import (
    alerts,
    archive,
    commands,
    contacts,
    groups,
    housekeeping,
    hygiene,
    journeys,
    kf,
    leads,
    messages,
    official,
    posts,
    scores,
    staff,
    tagging,
    troubles,
    welcome,
)

root = Router("root")
for part in (
    staff,
    contacts,
    welcome,
    groups,
    official,
    archive,
    kf,
    messages,
    hygiene,
    tagging,
    leads,
    alerts,
    posts,
    commands,
    troubles,
    housekeeping,
    scores,
    journeys,
):
    root.include(part.router)
