"""The buttons of the failures page: they act once, for whoever was let in, from our own page, and are written down."""

import re

from aiohttp import ClientResponse
from sqlmodel import col, select

from bot.model.tables import AuditRow, InboxRow, OutboxRow
from bot.storage.work import Store

from .conftest import Client, OpenConsole

PAGE = "/console/failures"


async def the_page(client: Client) -> str:
    return await (await client.get(PAGE)).text()


async def press(client: Client, name: str, act: str, **more: str) -> ClientResponse:
    [token, *_same] = re.findall(r'name="form_token" value="(\w+)"', await the_page(client))
    return await client.post(f"{PAGE}/{name}/{act}", data={"form_token": token, **more}, allow_redirects=False)


def bad(store: Store, state: str) -> str:
    rows = select(OutboxRow.id).where(OutboxRow.state == state).order_by(col(OutboxRow.id))
    return f"C{store.database.run_here(lambda session: session.exec(rows).first())}"


def call(store: Store, name: str) -> OutboxRow:
    return store.database.run_here(lambda session: session.get_one(OutboxRow, int(name[1:])))


async def test_a_failed_call_is_sent_again_and_leaves_the_page(open_console: OpenConsole, store: Store) -> None:
    client, name = await open_console(), bad(store, "failed")
    assert f"{PAGE}/{name}/retry" in await the_page(client)
    assert (await press(client, name, "retry")).status == 303
    assert call(store, name).state == "planned"
    assert f"{PAGE}/{name}/retry" not in await the_page(client)
    [written] = store.database.run_here(lambda session: session.exec(select(AuditRow)).all())
    assert (written.actor, written.action, written.target) == ("console", "failures.retry", name)


async def test_pressing_twice_acts_once(open_console: OpenConsole, store: Store) -> None:
    client, name = await open_console(), bad(store, "failed")
    assert [(await press(client, name, "retry")).status for _time in range(2)] == [303, 404]
    assert call(store, name).retries == 1


async def test_what_may_arrive_twice_needs_its_box_ticked(open_console: OpenConsole, store: Store) -> None:
    client, name = await open_console(), bad(store, "unknown")
    assert "It may arrive twice" in await the_page(client)
    answer = await press(client, name, "retry")
    assert answer.status == 409
    assert f"{name} may arrive twice" in await answer.text()
    assert call(store, name).state == "unknown"
    assert (await press(client, name, "retry", sure="yes")).status == 303
    assert call(store, name).state == "planned"


async def test_a_given_up_event_is_let_go(open_console: OpenConsole, store: Store) -> None:
    client = await open_console()
    buried = select(InboxRow.id).where(InboxRow.state == "buried")
    number = store.database.run_here(lambda session: session.exec(buried).one())
    assert (await press(client, f"E{number}", "drop")).status == 303
    row = store.database.run_here(lambda session: session.get_one(InboxRow, number))
    assert row.state == "dropped"


async def test_a_form_that_is_not_ours_changes_nothing(open_console: OpenConsole, store: Store) -> None:
    client, name = await open_console(), bad(store, "failed")
    await the_page(client)
    for token in ("", "0" * 64):
        answer = await client.post(f"{PAGE}/{name}/retry", data={"form_token": token}, allow_redirects=False)
        assert answer.status == 403
    assert call(store, name).state == "failed"


async def test_nobody_acts_without_the_password(open_console: OpenConsole, store: Store) -> None:
    client, name = await open_console(console={"password": "open sesame"}), bad(store, "failed")
    [token] = set(re.findall(r'name="form_token" value="(\w+)"', await (await client.get("/console/signin")).text()))
    answer = await client.post(f"{PAGE}/{name}/retry", data={"form_token": token}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/console/signin")
    assert call(store, name).state == "failed"
    shut = await open_console(console={"open": False})
    assert (await shut.post(f"{PAGE}/{name}/retry")).status == 403
