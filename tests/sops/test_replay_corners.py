"""Corners of the past in which a replay could lose its way; each in a life of its own, with one or two small SOPs."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from bot.community import contacts
from bot.model.tables import Run, StepRun, Suppression
from bot.platforms.simulator.cast import CUSTOMER_GROUP
from tests.sops.test_replay import replayed
from tests.web.doors import TRACK, post_lines
from tests.world import START, World, world

Live = Callable[..., AbstractAsyncContextManager[World]]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YES_OR_NO = "then: [{do: note, text: 是}]\n    else: [{do: note, text: 否}]\n"


@pytest.fixture
def living(tmp_path: Path) -> Live:
    """A world in which only these SOPs are in force, by subject and name."""

    @asynccontextmanager
    async def live(**sops: str) -> AsyncIterator[World]:
        for name, text in sops.items():
            subject, _underscore, short = name.partition("_")
            path = tmp_path / "sops" / subject / f"{short}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"sop: {subject}/{short}\ntitle: 样\nsubject: {subject}\n{text}", encoding="utf-8")
        async with world(tmp_path, sops=tmp_path / "sops", track={"secret": TRACK}) as here:
            assert here.bot.knowledge.library.broken == {}
            yield here

    return live


def assert_same(here: World, *, since: datetime = START) -> None:
    for sop in here.bot.knowledge.library:
        told = replayed(here, sop, since)
        assert (told.only_would, told.only_was) == ([], []), sop.name
    assert here.read(select(Run))


async def scan(here: World, staff: str = "zhou") -> str:
    way = await here.wecom.contact_way(state=f"of {staff}", staff=staff)
    scanned = await here.wecom.scan(way, by="mei")
    await here.settle()
    return scanned.external_userid


async def does(here: World, who: str, event: str) -> None:
    line: object = {
        "event_id": f"{event}:{here.clock.now().isoformat()}",
        "event": event,
        "at": here.clock.now().isoformat(),
        "external_userid": who,
        "properties": {},
    }
    assert (await post_lines(here.client, "/track", TRACK, [line], here.clock)).status == 200
    await here.advance(timedelta(minutes=1))


async def move(here: World, city: str) -> None:
    id = contacts.id_of(here.contact("mei"))
    await here.bot.store.work(lambda work: contacts.set_field(work, id, "city", city))


async def test_two_rows_of_one_person_that_were_joined(living: Live) -> None:
    off = "trigger: official.event\nwhen: {event.name: subscribe}\nsteps: [{wait: 1d}, {do: note, text: 一天}]\n"
    async with living(contact_off=off) as here:
        await here.wecom.follow("mei")
        await here.advance(HOUR)
        await scan(here)
        await here.advance(2 * DAY)
        assert_same(here)


async def test_a_follower_who_has_left_since(living: Live) -> None:
    off = "trigger: official.event\nwhen: {event.name: subscribe}\nsteps: [{do: send_official, text: 你好}]\n"
    async with living(contact_off=off) as here:
        await here.wecom.follow("mei")
        await here.advance(HOUR)
        await here.wecom.unfollow_official("mei")
        await here.advance(HOUR)
        await here.wecom.follow("mei")
        await here.advance(HOUR)
        assert_same(here)


async def test_a_condition_about_somebody_else(living: Live) -> None:
    of_staff = "trigger: contact.added\nsteps:\n  - if: {staff.name: 周}\n    " + YES_OR_NO
    of_contact = "trigger: member.joined\nsteps:\n  - if: {contact.name: 梅}\n    " + YES_OR_NO
    async with living(contact_a=of_staff, group_b=of_contact) as here:
        await scan(here)
        await here.wecom.join(here.wecom.group_of(CUSTOMER_GROUP), "mei")
        await here.advance(HOUR)
        assert_same(here)


async def test_a_wait_that_was_asked_again_and_again(living: Live) -> None:
    waits = (
        "trigger: {event: order.paid}\nsteps:\n"
        "  - wait_for: {event: page.viewed, where: {contact.city: 上海}, within: 1d}\n"
        "    then: [{do: note, text: 看了}]\n    timeout: [{do: note, text: 没看}]\n"
    )
    async with living(contact_a=waits) as here:
        who = await scan(here)
        await move(here, "北京")
        await does(here, who, "order.paid")
        for _time in range(25):
            await does(here, who, "page.viewed")
        await here.advance(2 * DAY)
        await move(here, "上海")
        assert_same(here)
        [asked] = [step.detail["asked"] for step in here.read(select(StepRun)) if "asked" in step.detail]
        assert [len(one["moments"]) for one in asked] == [25]  # what was found is kept once


async def test_the_same_event_counted_from_two_moments(living: Live) -> None:
    twice = (
        "trigger: {event: order.paid}\nsteps:\n  - wait: 1d\n  - {id: late, do: note, text: 到}\n  - wait: 1d\n"
        f"  - branch_event: {{event: page.viewed, since: late}}\n    {YES_OR_NO}"
        f"  - branch_event: {{event: page.viewed}}\n    {YES_OR_NO}"
    )
    async with living(contact_a=twice) as here:
        who = await scan(here)
        await does(here, who, "order.paid")
        await does(here, who, "page.viewed")
        await here.advance(3 * DAY)
        assert_same(here)


async def test_two_runs_of_one_contact_that_an_event_wakes(living: Live) -> None:
    waits = (
        "trigger: contact.added\nreentry: always\nsteps:\n  - wait_for: {event: order.paid, within: 2d}\n    then:\n"
        "      - if: {staff.name: 周}\n        then: [{do: note, text: 周}]\n        else: [{do: note, text: 林}]\n"
        "    timeout: [{exit: none}]\n"
    )
    async with living(contact_a=waits) as here:
        who = await scan(here, "zhou")
        await scan(here, "lin")
        await does(here, who, "order.paid")
        assert set(here.read(select(StepRun.outcome).where(StepRun.name == "if"))) == {"then", "else"}
        assert_same(here)


async def test_a_run_that_an_older_run_has_stopped(living: Live) -> None:
    stops = "trigger: contact.added\nsteps: [{wait: 4d}, {do: stop_sop, sop: contact/b}]\n"
    stopped = "trigger: {event: order.paid}\nsteps: [{wait: 3d}, {do: note, text: 三天}]\n"
    async with living(contact_a=stops, contact_b=stopped) as here:
        who = await scan(here)
        await here.advance(2 * DAY)
        await does(here, who, "order.paid")
        await here.advance(4 * DAY)
        assert_same(here)
        assert_same(here, since=START + DAY)


async def test_a_schedule_that_was_published_later(living: Live) -> None:
    daily = 'trigger: {cron: "0 12 * * *"}\nsteps: [{do: note, text: 中午}]\n'
    async with living(contact_a=daily) as here:
        await scan(here)
        await here.advance(2 * DAY)
        assert_same(here, since=START - 30 * DAY)


async def test_what_kept_somebody_out_does_not_keep_their_words(living: Live) -> None:
    said = "trigger: message.received\nreentry: never\nwhen: {message.text: {contains: 口红}, contact.city: missing}\n"
    async with living(contact_a=said + "steps: [{do: note, text: 收到}]\n") as here:
        await scan(here)
        for _time in range(2):
            await here.wecom.say("mei", "口红怎么卖？", to="zhou")
            await here.advance(HOUR)
        [kept_out] = here.read(select(Suppression).where(Suppression.rule == "reentry"))
        assert [one["name"] for one in kept_out.detail["verdicts"]] == ["contact.city"]
        assert_same(here)
