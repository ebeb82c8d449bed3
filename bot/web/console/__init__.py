"""The console: what came in, what it led to, what went out, with the reason for each step."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from bot import i18n
from bot.errors import NotFound
from bot.i18n import _
from bot.settings import Settings
from bot.storage.work import Store
from bot.web.console import contacts, failures, leads, overview, sops, trace
from bot.web.console.entrance import FORM, HOME, LANGUAGE_COOKIE, LANGUAGES, Entrance, fields, see
from bot.web.console.page import Desk, Knowledge, Page, Show, environment
from bot.web.signin import SHUT, Admission, SignIn

__all__ = ["Console"]

STATIC = Path(__file__).parent.parent / "static"
FILES = ("console.css", "console.js", "favicon.svg")
PAGES: Mapping[str, Show] = {
    "/console/": overview.show,
    "/console/trace/{trace_id}": trace.show,
    "/console/sops": sops.show_all,
    "/console/sops/{sop:.+}": sops.show_one,
    "/console/contacts": contacts.show_all,
    r"/console/contacts/{contact_id:\d{1,18}}": contacts.show_one,
    "/console/failures": failures.show,
    "/console/leads": leads.show,
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

P = TypeVar("P", bound=Page | web.Response)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Form = Callable[[web.Request], Awaitable[Page | web.Response]]
Act = Callable[[Desk, web.Request, Mapping[str, str]], Awaitable[Page | web.Response]]


class Console:
    """`/console/`: pages for those who know the password."""

    def __init__(self, settings: Settings, store: Store, knowledge: Knowledge) -> None:
        self._desk = Desk(settings, store, knowledge)
        self._signin = SignIn(settings, store.clock)
        self._templates = environment(settings.zone)

    def routes(self) -> list[web.RouteDef]:
        entrance = Entrance(self._signin)
        return [
            web.get("/console", self._home),
            *(web.get(path, self._page(show)) for path, show in PAGES.items()),
            web.get("/console/static/{file}", self._static),
            web.get("/favicon.ico", self._icon),
            web.get(FORM, self._form(entrance.form)),
            web.post(FORM, self._form(entrance.sign_in)),
            web.post("/console/signout", self._form(entrance.sign_out)),
            web.post("/console/language", self._form(entrance.language)),
            web.post(failures.ACT, self._deed(failures.act)),
        ]

    def _page(self, show: Show) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            match self._signin.admission(request):
                case Admission.SHUT:
                    return _shut()
                case Admission.ASK:
                    return see(f"{FORM}?next={request.rel_url.raw_path_qs}" if request.path != HOME else FORM)
            self._speak(request)
            return self._rendered(request, await self._shown(show, request))

        return handle

    def _form(self, answer: Form) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if self._signin.admission(request) is Admission.SHUT:
                return _shut()
            self._speak(request)
            shown = await answer(request)
            return self._rendered(request, shown) if isinstance(shown, Page) else shown

        return handle

    def _deed(self, act: Act) -> Handler:
        """A form that changes something: for those who were let in, and from a page of ours alone."""

        async def done(request: web.Request) -> Page | web.Response:
            if self._signin.admission(request) is Admission.ASK:
                return see(FORM)
            sent = await fields(request)
            if not self._signin.is_own_form(request, sent.get("form_token", "")):
                return Page("notice.html", {"reason": _("The form was too old. Please try again.")}, 403)
            return await self._found(act(self._desk, request, sent))

        return self._form(done)

    async def _shown(self, show: Show, request: web.Request) -> Page:
        return await self._found(show(self._desk, request))

    async def _found(self, answer: Awaitable[P]) -> P | Page:
        try:
            return await answer
        except NotFound as error:
            reason = _("There is nothing here by the name of {key}.").format(key=error.key)
            return Page("notice.html", {"reason": reason}, 404)

    def _rendered(self, request: web.Request, page: Page) -> web.Response:
        visitor = self._signin.visitor(request)
        html = self._templates.get_template(page.template).render(
            **page.values,
            path=request.path,
            here=request.rel_url.raw_path_qs,
            form_token=self._signin.form_token(visitor),
            can_sign_out=self._signin.asks and self._signin.admission(request) is Admission.IN,
            zone=self._desk.settings.timezone,
        )
        response = web.Response(text=html, status=page.status, content_type="text/html", headers=HEADERS)
        self._signin.remember(request, response, visitor)
        return response

    def _speak(self, request: web.Request) -> None:
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        i18n.use(chosen if chosen in LANGUAGES else self._desk.settings.language)

    async def _home(self, _request: web.Request) -> web.Response:
        return see(HOME)

    async def _icon(self, _request: web.Request) -> web.StreamResponse:
        """What a browser looks for beside a page that names no icon, such as a line of text."""
        return web.FileResponse(STATIC / "favicon.svg", headers={"Cache-Control": "max-age=86400"})

    async def _static(self, request: web.Request) -> web.StreamResponse:
        if self._signin.admission(request) is Admission.SHUT:
            return _shut()
        if request.match_info["file"] not in FILES:
            raise web.HTTPNotFound
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        return web.FileResponse(STATIC / request.match_info["file"], headers=headers)


def _shut() -> web.Response:
    return web.Response(status=403, text=f"{SHUT}\n", headers={"Cache-Control": "no-store"})
