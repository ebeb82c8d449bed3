"""The aiohttp application: three platforms, the control API, and the page."""

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from . import endpoint
from .control import Control
from .gateway import Gateway

# the tables are filled by importing the modules that hold the endpoints
from . import (  # isort: skip
    access, aibot, appchat, archive, contacts, directory, groups, kf, mass_send, media, messages, moments,
    official_access, official_mass, official_menu, official_messages, official_notices, official_users, tags,
    transfer, ways, webhook, welcome,
)  # fmt: skip

if TYPE_CHECKING:
    from .simulator import Simulator

_PAGE = Path(__file__).parent / "page"
_FILLED = (
    access, aibot, appchat, archive, contacts, directory, groups, kf, mass_send, media, messages, moments,
    official_access, official_mass, official_menu, official_messages, official_notices, official_users, tags,
    transfer, ways, webhook, welcome,
)  # fmt: skip


def build(simulator: "Simulator") -> web.Application:
    app = web.Application(client_max_size=64 * 2**20)
    tables = {
        "/wecom/cgi-bin": Gateway(simulator, endpoint.wecom),
        "/official/cgi-bin": Gateway(simulator, endpoint.official, "official/"),
        "/archive": Gateway(simulator, endpoint.archive, "archive/"),
    }
    for path, gateway in tables.items():
        app.router.add_route("*", path + "/{endpoint:.+}", gateway.handle)
    Control(simulator).add_routes(app)
    app.router.add_get("/", page)
    app.router.add_static("/page", _PAGE)

    async def leave(_: web.Application) -> None:
        await simulator.close()

    app.on_shutdown.append(leave)
    return app


async def page(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(_PAGE / "index.html", headers={"Cache-Control": "no-cache"})
