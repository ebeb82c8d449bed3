"""Nobody sees the console until a password is set, and then only those who know it."""

import re
from datetime import timedelta

import pytest
from aiohttp import ClientResponse

from bot.clock import ManualClock
from bot.web.signin import is_loopback

from .conftest import Client, OpenConsole

PASSWORD = "open sesame 芝麻"
LOCKED = {"console": {"password": PASSWORD}}
PAGES = ("", "trace/aa06", "sops", "sops/contact/spring", "contacts", "contacts/1", "failures", "leads")


async def sign_in(client: Client, password: str = PASSWORD, back: str = "/console/sops") -> ClientResponse:
    """Open the form and send it, as a browser would."""
    form = await (await client.get("/console/signin")).text()
    [token] = set(re.findall(r'name="form_token" value="([0-9a-f]+)"', form))
    fields = {"form_token": token, "password": password, "next": back}
    return await client.post("/console/signin", data=fields, allow_redirects=False)


@pytest.mark.parametrize("given", [{}, {"console": {"password": ""}}, {"console": {"open": False}}])
async def test_without_a_password_every_page_names_the_setting(
    open_console: OpenConsole, given: dict[str, object]
) -> None:
    client = await open_console(**{"console": {}, **given})
    for page in (*PAGES, "signin", "static/console.css"):
        answer = await client.get(f"/console/{page}")
        assert answer.status == 403
        assert await answer.text() == "the console is shut until XIAOER_CONSOLE__PASSWORD is set\n"
    assert (await client.post("/console/signin", data={"password": ""})).status == 403


async def test_the_demo_is_open_on_a_loopback_address_only(open_console: OpenConsole) -> None:
    here = await open_console(listen="127.0.0.1:8080")
    assert (await here.get("/console/")).status == 200
    everywhere = await open_console(listen="0.0.0.0:8080")
    assert (await everywhere.get("/console/")).status == 403


async def test_a_foreign_name_for_this_machine_does_not_open_the_demo(open_console: OpenConsole) -> None:
    client = await open_console()
    answer = await client.get("/console/", headers={"Host": "rebound.example:8080"})
    assert answer.status == 403


async def test_a_password_shuts_the_demo_too(open_console: OpenConsole) -> None:
    client = await open_console(console={"password": PASSWORD, "open": True})
    assert (await client.get("/console/", allow_redirects=False)).status == 303


async def test_every_page_asks_for_the_password(open_console: OpenConsole) -> None:
    client = await open_console(**LOCKED)
    for page in PAGES:
        answer = await client.get(f"/console/{page}", allow_redirects=False)
        assert answer.status == 303, page
        assert answer.headers["Location"].startswith("/console/signin")
        assert "Mei" not in await answer.text()


async def test_the_right_password_lets_in_and_leads_back(open_console: OpenConsole) -> None:
    client = await open_console(**LOCKED)
    answer = await sign_in(client)
    assert (answer.status, answer.headers["Location"]) == (303, "/console/sops")
    assert "HttpOnly" in answer.headers.getall("Set-Cookie")[0]
    assert "SameSite=Lax" in answer.headers.getall("Set-Cookie")[0]
    assert "Secure" not in answer.headers.getall("Set-Cookie")[0]
    for page in PAGES:
        assert (await client.get(f"/console/{page}", allow_redirects=False)).status == 200, page


async def test_behind_https_the_cookie_is_secure(open_console: OpenConsole) -> None:
    client = await open_console(**LOCKED, public_url="https://bot.example.com")
    form = await client.get("/console/signin")
    assert "Secure" in form.headers["Set-Cookie"]


@pytest.mark.parametrize("password", ["wrong", "", PASSWORD.upper(), PASSWORD + " ", "\x00", "密" * 5000])
async def test_a_wrong_password_is_refused(open_console: OpenConsole, password: str) -> None:
    client = await open_console(**LOCKED)
    answer = await sign_in(client, password)
    assert answer.status == 403
    assert "That is not the password." in await answer.text()
    assert (await client.get("/console/", allow_redirects=False)).status == 303


async def test_the_sixth_try_within_a_minute_waits(open_console: OpenConsole, clock: ManualClock) -> None:
    client = await open_console(**LOCKED)
    for _try in range(5):
        assert (await sign_in(client, "wrong")).status == 403
    assert (await sign_in(client)).status == 429
    clock.advance(timedelta(seconds=61))
    assert (await sign_in(client)).status == 303


async def test_a_form_from_elsewhere_is_refused(open_console: OpenConsole) -> None:
    client = await open_console(**LOCKED)
    answer = await client.post("/console/signin", data={"password": PASSWORD, "form_token": "0" * 64})
    assert answer.status == 403
    await sign_in(client)
    assert (await client.post("/console/signout", data={})).status == 403
    assert (await client.post("/console/language", data={"language": "zh_CN"})).status == 403
    assert (await client.get("/console/", allow_redirects=False)).status == 200


async def test_signing_out_ends_the_session_even_for_a_copied_cookie(open_console: OpenConsole) -> None:
    client = await open_console(**LOCKED)
    cookie = (await sign_in(client)).cookies["xiaoer_session"].value
    page = await (await client.get("/console/")).text()
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', page)[0]
    await client.post("/console/signout", data={"form_token": token})
    assert (await client.get("/console/", allow_redirects=False)).status == 303
    copied = {"Cookie": f"xiaoer_session={cookie}"}
    assert (await client.get("/console/", headers=copied, allow_redirects=False)).status == 303


async def test_a_session_ends_by_itself(open_console: OpenConsole, clock: ManualClock) -> None:
    client = await open_console(**LOCKED)
    cookie = (await sign_in(client)).cookies["xiaoer_session"].value
    clock.advance(timedelta(hours=13))
    copied = {"Cookie": f"xiaoer_session={cookie}"}
    assert (await client.get("/console/", headers=copied, allow_redirects=False)).status == 303


@pytest.mark.parametrize("forged", ["", "x", "9999999999.a.b", "9999999999.abc." + "0" * 64, ".", "é.é", "a.b.c.d"])
async def test_a_forged_session_is_no_session(open_console: OpenConsole, forged: str) -> None:
    client = await open_console(**LOCKED)
    answer = await client.get("/console/", headers={"Cookie": f"xiaoer_session={forged}"}, allow_redirects=False)
    assert answer.status == 303


async def test_another_password_ends_the_sessions_of_the_old_one(open_console: OpenConsole) -> None:
    key = {"data_key": "k" * 32}
    before = await open_console(**LOCKED, **key)
    cookie = {"Cookie": "xiaoer_session=" + (await sign_in(before)).cookies["xiaoer_session"].value}
    again = await open_console(**LOCKED, **key)
    assert (await again.get("/console/", headers=cookie, allow_redirects=False)).status == 200
    changed = await open_console(console={"password": "another"}, **key)
    assert (await changed.get("/console/", headers=cookie, allow_redirects=False)).status == 303


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example/", "/console/../../evil", "/console/\r\nX: y", "\\\\evil", "", "/other"],
)
async def test_signing_in_leads_nowhere_else(open_console: OpenConsole, back: str) -> None:
    client = await open_console(**LOCKED)
    assert (await sign_in(client, back=back)).headers["Location"] == "/console/"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b"a=1", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"not a form at all", "multipart/form-data; boundary=x"),
        (b"not a form at all", "multipart/form-data"),
    ],
)
async def test_an_unreadable_form_is_refused_without_a_trace(open_console: OpenConsole, body: bytes, kind: str) -> None:
    client = await open_console(**LOCKED)
    answer = await client.post("/console/signin", data=body, headers={"Content-Type": kind})
    assert answer.status in (400, 403)
    assert "Traceback" not in await answer.text()


def test_loopback_is_recognised_in_all_its_spellings() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", ""))
