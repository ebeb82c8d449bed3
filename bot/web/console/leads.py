"""What waits for staff: leads and tasks, the open ones or all."""

from aiohttp import web
from sqlmodel import Session

from bot.model.tables import Lead, StaffTask
from bot.storage.queries import console as rows
from bot.web.console import names
from bot.web.console.page import Desk, Page, asked

LATEST = 100
OPEN_LEADS, ALL_LEADS = ("new", "claimed"), ("new", "claimed", "done", "ignored")
OPEN_TASKS, ALL_TASKS = ("open",), ("open", "done")


async def show(desk: Desk, request: web.Request) -> Page:
    every = asked(request, "show") == "all"

    def find(session: Session) -> tuple[list[Lead], list[StaffTask], names.Names]:
        leads = list(rows.latest(session, Lead, LATEST, states=ALL_LEADS if every else OPEN_LEADS))
        tasks = list(rows.latest(session, StaffTask, LATEST, states=ALL_TASKS if every else OPEN_TASKS))
        people = [{"contact_id": lead.contact_id} for lead in leads]
        staff = [{"user_id": user} for lead in leads for user in (lead.owner, *lead.recipients)]
        given = [{"user_id": task.user_id, "chat_id": task.chat_id, "contact_id": task.contact_id} for task in tasks]
        return leads, tasks, names.load(session, [*people, *staff, *given])

    leads, tasks, known = await desk.store.read(find)
    now = desk.store.clock.now()
    return Page("leads.html", {"leads": leads, "tasks": tasks, "names": known, "every": every, "now": now})
