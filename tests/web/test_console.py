"""The console tells what came in, what it led to and what went out, and shows nothing that it must not."""

import re
from collections.abc import Mapping

import pytest
from sqlmodel import Session, delete

from bot.model.events import ContactAdded, UnknownCallback
from bot.model.tables import InboxRow
from bot.storage.work import Store

from . import sample
from .conftest import Client, OpenConsole

ALL_PAGES = (
    "/console/",
    "/console/trace/5e0f11aa22bb33cc",
    "/console/trace/77aa00bb11cc22dd",
    "/console/trace/aa02",
    "/console/trace/aa05",
    "/console/trace/aa06",
    "/console/sops",
    "/console/sops/contact/spring",
    "/console/contacts",
    "/console/contacts/1",
    "/console/contacts/2",
    "/console/failures",
    "/console/leads",
    "/console/leads?show=all",
)


async def text_of(client: Client, path: str, status: int = 200, headers: Mapping[str, str] | None = None) -> str:
    answer = await client.get(path, headers=headers)
    assert answer.status == status, await answer.text()
    return await answer.text()


def lines(page: str) -> list[str]:
    """The traces that the stream shows, in its order."""
    return re.findall(r'class="line" href="/console/trace/([^"]+)"', page)


async def test_the_stream_shows_what_came_from_outside_newest_first(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/")
    assert lines(page) == [
        "aa07",
        "aa06",
        "aa05",
        "aa04",
        "aa03",
        "aa02",
        "aa01",
        "77aa00bb11cc22dd",
        "5e0f11aa22bb33cc",
    ]
    assert "Call finished" not in page
    assert "Lead qualified" not in re.sub(r"<select.*?</select>", "", page, flags=re.DOTALL)


async def test_a_line_says_in_words_who_it_was_and_what_it_led_to(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/")
    welcome = page[page.index("5e0f11aa22bb33cc") :]
    for words in ("17:30:00", "Contact added", "Mei", "Zhou", "by live code spring", "SOP steps: 3", "calls sent: 1"):
        assert words in welcome
    assert "calls failed: 1" in welcome
    assert "tags added: 1" in welcome
    assert "held back by a rule: 1" in welcome
    advert = page[page.index("77aa00bb11cc22dd") : page.index("5e0f11aa22bb33cc")]
    for words in ("broke a rule: advert, phone", "points of the lead score: 30", "leads opened: 1", "calls sent: 1"):
        assert words in advert
    assert "instant" in welcome
    assert "given up after 8 attempts" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=contact.added", ["aa07", "5e0f11aa22bb33cc"]),
        ("state=buried", ["aa06"]),
        ("state=new", ["aa07"]),
        ("who=Mei", ["aa06", "aa02", "aa01", "5e0f11aa22bb33cc"]),
        ("who=mei&kind=track.event", ["aa02"]),
        ("who=%3Cscript", ["aa07", "77aa00bb11cc22dd"]),
        ("who=%25", []),
        ("who=nobody", []),
        ("kind=no.such.kind", []),
        ("before=5", ["77aa00bb11cc22dd", "5e0f11aa22bb33cc"]),
        ("before=-1&kind=%00", ["aa07"]),
        ("before=99999999999999999999999999", ["aa07"]),
    ],
)
async def test_the_stream_can_be_narrowed_down(open_console: OpenConsole, query: str, found: list[str]) -> None:
    shown = lines(await text_of(await open_console(), f"/console/?{query}"))
    assert shown[: len(found)] == found
    assert bool(shown) == bool(found)


async def test_fifty_lines_a_page_and_the_way_to_older_ones(open_console: OpenConsole, store: Store) -> None:
    client = await open_console()

    def many(session: Session) -> None:
        event = ContactAdded(at=sample.NOW, user_id=sample.ZHOU, external_user_id=sample.MEI)
        session.add_all([sample.arrival("wecom", event, f"m{n}", dedupe_key=f"m{n}") for n in range(60)])

    store.database.run_here(many)
    first = await text_of(client, "/console/?who=Mei")
    assert lines(first) == [f"m{n}" for n in range(59, 9, -1)]
    [older] = re.findall(r'href="([^"]+)" rel="next"', first)
    assert lines(await text_of(client, "/console/" + older.replace("&amp;", "&")))[:10] == [
        f"m{n}" for n in range(9, -1, -1)
    ]


async def test_a_trace_gives_the_reason_for_each_step(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/trace/5e0f11aa22bb33cc")
    for words in (
        "WeCom callback",
        "useful until 2026-11-21 17:30:20",
        "send_welcome",
        "starts_with: spring",
        "starts_with: spr<",  # what let the contact in
        "nothing known",
        "Held back: contact/default",
        "another SOP of its group has priority",
        "won: contact/spring",
        "渠道/春季",
        "tag added",
        "84061",
        "the contact is no friend of this staff member",
        "trying again cannot help",
        "attempts: 2",
        "Call finished",
        "Timer sop.wait",
    ):
        assert words in page, words
    assert "兴趣/口红" not in page  # given a day before, by something else


async def test_a_trace_names_the_handlers(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/trace/77aa00bb11cc22dd")
    assert "<code>hygiene." in page
    unknown = await text_of(await open_console(), "/console/trace/aa05")
    assert "<code>hygiene." not in unknown


async def test_what_broke_a_rule_is_marked_in_the_quote(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/trace/77aa00bb11cc22dd")
    assert "姐妹们<mark>加V信</mark> 领券,电话 <mark>138••••8000</mark>" in page
    for words in ("+30", "intent/coupon", "Lead: opportunity", "score 65", "Lin", "Task for Zhou", "advert"):
        assert words in page, words


async def test_no_page_shows_a_phone_a_secret_or_raw_markup(open_console: OpenConsole) -> None:
    client = await open_console()
    for path in ALL_PAGES:
        page = await text_of(client, path)
        for hidden in (sample.PHONE, sample.WELCOME_CODE, "hush", "mei@example.com", "<script>alert"):
            assert hidden not in page, (path, hidden)
    assert "&lt;script&gt;alert" in await text_of(client, "/console/contacts/2")


async def test_pages_hold_no_inline_script_and_ask_no_other_host(open_console: OpenConsole) -> None:
    client = await open_console()
    for path in (*ALL_PAGES, "/console/trace/nothing"):
        answer = await client.get(path)
        page = await answer.text()
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?! src=\"/console/static/)", page)
        assert not re.search(r"\son\w+=|style=|https?://", page)
    for file in re.findall(r'"(/console/static/[^"]+)"', page):
        assert (await client.get(file)).status == 200


@pytest.mark.parametrize("file", ["nothing.css", "..%2Fsignin.py", "fonts%2FOFL.txt", "%2e%2e%2ftemplates"])
async def test_only_the_console_s_own_files_are_served(open_console: OpenConsole, file: str) -> None:
    assert (await (await open_console()).get(f"/console/static/{file}")).status == 404


@pytest.mark.parametrize(
    "path", ["trace/%3Cscript%3E", "trace/none", "sops/no/such", "contacts/99", "contacts/999999999999999999"]
)
async def test_what_is_not_there_is_said_politely(open_console: OpenConsole, path: str) -> None:
    page = await text_of(await open_console(), f"/console/{path}", 404)
    assert "Not found" in page
    assert "<script>" not in page


async def test_the_sops_page_names_broken_files_by_line(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/sops")
    for words in ("sops/group/noon.yaml:7", "X107", "there is no filter contact.shoe_size.", "春季活码欢迎", "paused"):
        assert words in page
    one = await text_of(await open_console(), "/console/sops/contact/spring")
    assert "{{ contact.name | default(&#39;朋友&#39;) }}" in one
    assert "until 2026-11-21 17:40:00" in one


async def test_a_contact_is_shown_with_why(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/contacts/1")
    for words in (
        "上海",
        "m••@example.com",
        "138••••8000",
        "Zhou",
        "春季福利群",
        "lipstick",
        "contact/spring",
        "has priority",
    ):
        assert words in page, words


async def test_failures_are_shown_with_their_reason(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/failures")
    for words in ("kf/send_msg", "outcome unknown", "timed out", "84061", "KeyError: &#39;coupon&#39;", "attempts: 8"):
        assert words in page, words


async def test_leads_and_overdue_tasks_wait_on_their_page(open_console: OpenConsole) -> None:
    page = await text_of(await open_console(), "/console/leads")
    for words in ("The lead score has reached 65", "Zhou", "to be done by 2026-11-21 20:25:00"):
        assert words in page, words


async def test_an_empty_bot_says_so(open_console: OpenConsole, store: Store) -> None:
    client = await open_console()
    store.database.run_here(lambda session: session.exec(delete(InboxRow)))
    assert "Nothing has come in yet" in await text_of(client, "/console/")


async def test_the_language_is_chosen_by_a_form(open_console: OpenConsole) -> None:
    client = await open_console(language="zh_CN")
    page = await text_of(client, "/console/")
    assert 'lang="zh-CN"' in page
    [token] = set(re.findall(r'name="form_token" value="([0-9a-f]+)"', page))
    chosen = {"language": "en", "form_token": token, "next": "/console/leads"}
    answer = await client.post("/console/language", data=chosen)
    assert answer.url.path == "/console/leads"
    assert 'lang="en"' in await answer.text()


async def test_an_event_that_no_version_can_read_is_shown_all_the_same(open_console: OpenConsole, store: Store) -> None:
    client = await open_console()
    event = UnknownCallback(at=sample.NOW, source="wecom", fields={})
    strange = {"kind": "of.the.future", "payload": {"deep": {"er": [{"phone": sample.PHONE}] * 3}, "at": "later"}}
    store.database.run_here(lambda session: session.add(sample.arrival("wecom", event, "ff01", **strange)))
    page = await text_of(client, "/console/trace/ff01")
    assert "of.the.future" in page
    assert sample.PHONE not in page
