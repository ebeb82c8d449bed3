"""Signing in and out, and the language: the only forms of the console so far."""

from aiohttp import web

from bot.errors import BadCallback
from bot.i18n import _
from bot.web.console.page import Page
from bot.web.signin import SignIn

HOME = "/console/"
FORM = "/console/signin"
LANGUAGE_COOKIE = "xiaoer_language"
LANGUAGES = ("zh_CN", "en")
A_YEAR_S = 365 * 24 * 3600


class Entrance:
    """The sign-in form and what it leads to."""

    def __init__(self, signin: SignIn) -> None:
        self._signin = signin

    async def form(self, request: web.Request) -> Page:
        return Page("signin.html", {"next": own_path(request.query.get("next", "")), "complaint": ""})

    async def sign_in(self, request: web.Request) -> Page | web.Response:
        """Let in whoever knows the password; the form again, or 429, for whoever does not."""
        sent = await fields(request)
        back = own_path(sent.get("next", ""))
        if not self._signin.is_own_form(request, sent.get("form_token", "")):
            return _again(back, _("The form was too old. Please try again."), 403)
        if not self._signin.may_try(request.remote or ""):
            return _again(back, _("Too many tries. Please wait a minute."), 429)
        if not self._signin.is_right(sent.get("password", "")):
            return _again(back, _("That is not the password."), 403)
        response = see(back)
        self._signin.begin(response)
        return response

    async def sign_out(self, request: web.Request) -> Page | web.Response:
        sent = await fields(request)
        if not self._signin.is_own_form(request, sent.get("form_token", "")):
            return _again(HOME, _("The form was too old. Please try again."), 403)
        response = see(FORM)
        self._signin.end(request, response)
        return response

    async def language(self, request: web.Request) -> Page | web.Response:
        sent = await fields(request)
        wanted = sent.get("language", "")
        if wanted not in LANGUAGES or not self._signin.is_own_form(request, sent.get("form_token", "")):
            return _again(HOME, _("The form was too old. Please try again."), 403)
        response = see(own_path(sent.get("next", "")))
        response.set_cookie(LANGUAGE_COOKIE, wanted, path=HOME, max_age=A_YEAR_S, httponly=True, samesite="Lax")
        return response


def _again(back: str, complaint: str, status: int) -> Page:
    return Page("signin.html", {"next": back, "complaint": complaint}, status)


async def fields(request: web.Request) -> dict[str, str]:
    """The texts of a form; raises `BadCallback` when it cannot be read."""
    try:
        sent = await request.post()
    except (ValueError, LookupError, AssertionError) as error:
        raise BadCallback("the form cannot be read") from error
    return {name: value for name, value in sent.items() if isinstance(value, str)}


def own_path(path: str) -> str:
    """A page of the console to go to; anything else leads home."""
    is_own = path.startswith(HOME) and path.isprintable() and "\\" not in path and ".." not in path
    return path if is_own else HOME


def see(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})
