"""The console in a real browser, at a phone's width too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright

from bot import demo
from bot.app import opened
from bot.clock import SystemClock
from bot.model.events import MessageReceived
from bot.platforms.simulator import Simulator, SimulatorConfig
from bot.storage.work import Store
from tests import blank
from tests.servers import free_port

from . import sample
from .conftest import OpenConsole

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
def chromium() -> Path:
    assert CHROMIUM.exists(), "the browser tests need Chromium: apt-get install -y chromium fonts-noto-cjk"
    return CHROMIUM


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        await opened.close()


async def test_from_the_stream_to_the_reason(browser: Browser, open_console: OpenConsole) -> None:
    # given the console on a phone
    client = await open_console()
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    complaints = listen(page)
    # when its reader taps Mei's arrival
    await page.goto(str(client.make_url("/console/")))
    await expect_to_fit(page)
    assert not await page.get_by_text("Handlers, in this order:").is_visible()
    await page.get_by_role("listitem").filter(has_text="17:30:00").get_by_role("link", name="Contact added").click()
    # then the page tells the conditions, what went out and why a call failed
    for words in ("starts_with: spring", "the contact is no friend of this staff member", "externalcontact/mark_tag"):
        assert await page.get_by_text(words).first.is_visible(), words
    await expect_to_fit(page)
    # and the raw event is folded away, its secrets hidden when it is opened
    raw = page.locator("pre").first
    assert not await raw.is_visible()
    await page.get_by_text("Raw event").first.click()
    assert await raw.is_visible()
    assert sample.WELCOME_CODE not in await raw.inner_text()
    assert complaints == []


async def test_the_stream_shows_what_comes_in_while_it_is_looked_at(
    browser: Browser, open_console: OpenConsole, store: Store
) -> None:
    client = await open_console()
    page = await browser.new_page()
    complaints = listen(page)
    await page.goto(str(client.make_url("/console/")))
    event = MessageReceived(at=sample.NOW, channel="archive", message_id="new", text="刚刚来的消息",
                                   external_user_id=sample.MEI)  # fmt: skip
    store.database.run_here(lambda session: session.add(sample.arrival("archive", event, "fresh")))
    await page.get_by_text("刚刚来的消息").wait_for(timeout=60_000)
    assert complaints == []


async def test_every_page_fits_a_phone_without_a_script(browser: Browser, open_console: OpenConsole) -> None:
    client = await open_console()
    phone = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await phone.new_page()
    for path in ("", "trace/77aa00bb11cc22dd", "sops", "sops/contact/spring", "contacts", "contacts/1", "failures"):
        await page.goto(str(client.make_url(f"/console/{path}")))
        assert await page.locator("h1").is_visible()
        box = await page.locator("main").bounding_box()
        assert box is not None
        assert box["width"] <= 390, path


async def test_the_pages_of_the_demo_load_without_a_failed_request(browser: Browser, tmp_path: Path) -> None:
    async with a_demo(tmp_path) as address:
        page = await browser.new_page()
        complaints, unanswered = listen(page), list[str]()
        page.on("response", lambda answer: unanswered.append(answer.url) if answer.status >= 400 else None)
        for path in ("/", "/console/", "/console/sops", "/console/contacts", "/console/failures", "/console/leads"):
            await page.goto(f"{address}{path}")
            assert await page.locator("h1").first.is_visible(), path
        # and beside a page of plain text, where a browser looks for an icon by itself
        await page.goto(f"{address}/healthz")
        assert await page.evaluate("fetch('/favicon.ico').then(answer => answer.ok)")
        await page.close()
        assert (complaints, unanswered) == ([], [])


@asynccontextmanager
async def a_demo(folder: Path) -> AsyncIterator[str]:
    """The address of a bot beside the simulated platform, as `xiaoer demo` puts them together."""
    address = f"http://127.0.0.1:{free_port()}"
    key, public = blank.archive_keys(folder)
    simulator = Simulator(SystemClock(), SimulatorConfig(archive_public_key=public))
    given = {"database_url": blank.sqlite(folder / "xiaoer.db"), "console": {"open": True}, "public_url": address}
    async with opened(demo.settings(simulator.config, f"{address}/simulator", key, **given)) as bot:
        demo.mount(bot.web, simulator)
        await bot.store.work(lambda work: demo.fill(work, simulator))
        async with TestServer(bot.web, port=int(address.rpartition(":")[2])):
            yield address


def listen(page: Page) -> list[str]:
    """What the browser complains of, such as a script that the page's policy forbids."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


async def expect_to_fit(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
