"""The handlers that bring events to the runner."""

from datetime import timedelta
from typing import Any

from bot.community.rules import Rules
from bot.model.events import (
    CallFinished,
    ContactAdded,
    ContactHalfAdded,
    ContactLost,
    Event,
    MemberJoined,
    MessageReceived,
    OfficialEvent,
    TimerDue,
    Tracked,
)
from bot.model.ids import CallId, OpenId
from bot.model.tables import FollowUser, Run
from bot.runtime.context import Context
from bot.settings import Settings
from bot.storage.work import Work
from handlers.journeys import router
from tests.sops.town import EXTERNAL, GROUP, MEI, OPEN, START, ZHOU, Town

NOTE = "steps: [{do: note, text: done}]\n"
PAIR: dict[str, Any] = {"user_id": ZHOU, "external_user_id": EXTERNAL[MEI]}


def handle(town: Town, event: Event) -> None:
    """All of the journeys' handlers for an event."""

    def on(work: Work) -> None:
        ctx = Context(work, Settings.model_construct(), town.library, Rules())
        for route in router.routes(event):
            route.handler(event, ctx)

    town.work(on)


def test_every_event_finds_its_contact(town: Town) -> None:
    events: list[Event] = [
        ContactAdded(at=START, **PAIR),
        ContactLost(at=START, **PAIR),
        MemberJoined(at=START, chat_id=GROUP, contact_id=MEI),
        MessageReceived(at=START, channel="archive", message_id="m", text="hi", external_user_id=EXTERNAL[MEI]),
        OfficialEvent(at=START, open_id=OPEN, name="subscribe"),
        Tracked(at=START, name="order.paid", event_id="o", external_user_id=EXTERNAL[MEI]),
    ]
    for number, event in enumerate(events):
        town.sop(f"contact/t{number}", NOTE, trigger=event.kind)
        handle(town, event)
    assert [(run.sop, run.subject) for run in town.rows(Run)] == [
        (f"contact/t{number}", "contact:1") for number in range(len(events))
    ]


def test_a_loss_that_is_told_late_alarms_nobody(town: Town) -> None:
    town.sop("contact/loss", NOTE, trigger="contact.lost")
    handle(town, ContactLost(at=START - timedelta(minutes=1), **PAIR))
    assert town.rows(Run) == []


def test_a_welcome_code_that_comes_late_is_still_used(town: Town) -> None:
    town.sop("contact/hello", "when: {event.has_welcome_code: true}\n" + NOTE)
    handle(town, ContactAdded(at=START, **PAIR))
    handle(town, ContactHalfAdded(at=START - timedelta(seconds=1), welcome_code="c", **PAIR))
    assert len(town.rows(Run)) == 1


def test_an_unknown_contact_is_nobody(town: Town) -> None:
    town.sop("contact/official", NOTE, trigger="official.event")
    handle(town, OfficialEvent(at=START, open_id=OpenId("oNOBODY"), name="subscribe"))
    assert town.rows(Run) == []


def test_timers_and_ends_of_calls_come_back(town: Town) -> None:
    town.sop("contact/hello", "steps: [{do: send_welcome, text: 你好}, {wait: 1m}, {do: note, text: a}]\n")
    handle(town, ContactAdded(at=START, welcome_code="c", **PAIR))
    [call] = town.calls("externalcontact/send_welcome_msg")
    ended = CallFinished(
        at=START, call_id=CallId(1), endpoint=call.endpoint, outcome="failed", errcode=41051, note=call.note
    )
    handle(town, ended)
    handle(town, TimerDue(at=START, name="run.wake", about={"run": 1, "wait": 1}))
    handle(town, TimerDue(at=START, name="somebody.else", about={}))
    assert town.path("contact/hello") == ["send_welcome:failed", "wait:passed", "note:done"]
    assert town.rows(FollowUser)[0].greeted_at is None
