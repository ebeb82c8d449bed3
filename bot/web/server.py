"""The HTTP server: which doors there are, and how a refusal is said."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot import log, metrics
from bot.errors import BadInput, BadSignature, SettingsError
from bot.web.intake import Overloaded

logger = log.get(__name__)
MAX_BODY_BYTES = 1024 * 1024
DOORS = {f"/callback/{name}": name for name in ("wecom", "official", "aibot")} | {
    f"/{name}": name for name in ("track", "archive")
}
"""The doors that events come in by, and what their numbers are called."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def measured(door: str, handler: Handler) -> Handler:
    """How long the door takes for an answer, and how many it turns away."""
    acknowledged, turned_away = metrics.ACKNOWLEDGED.labels(door), metrics.TURNED_AWAY.labels(door)

    async def answer(request: web.Request) -> web.StreamResponse:
        with acknowledged.time():
            answer = await handler(request)
        if answer.status == 503:
            turned_away.inc()
        return answer

    return answer


def refusing(handler: Handler) -> Handler:
    """Answers errors with one line that says what is wrong, and never with what is inside."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except BadSignature as error:
            return _line(403, str(error))
        except BadInput as error:
            return _line(400, str(error))
        except SettingsError as error:
            return _line(404, str(error))
        except Overloaded as error:
            return web.Response(status=503, text=f"{error}\n", headers={"Retry-After": "5"})
        except (ConnectionResetError, web.RequestPayloadError):
            return _unreadable(request)
        except Exception:  # the platform learns that it failed, the log learns why
            logger.error("request failed", path=request.path, exc_info=True)
            return _line(500, "something went wrong; the log knows more")

    return answer


def _unreadable(request: web.Request) -> web.Response:
    """The answer to a body that broke off or does not unfold; nothing more can be read from this connection."""
    request.content.feed_eof()  # the server would wait for the rest, fail, and cut off this answer
    answer = _line(400, "the body cannot be read to its end")
    answer.force_close()
    return answer


def _line(status: int, reason: str) -> web.Response:
    return web.Response(status=status, text=f"{reason}\n")


def build(routes: list[web.RouteDef]) -> web.Application:
    """An application with these routes.

    Each handler is wrapped once, here: a chain of middlewares would be built anew for every request.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes([web.RouteDef(one.method, one.path, _wrapped(one), one.kwargs) for one in routes])
    return app


def _wrapped(route: web.RouteDef) -> Handler:
    handler = refusing(route.handler)
    door = DOORS.get(route.path)
    return measured(door, handler) if door and route.method == "POST" else handler
