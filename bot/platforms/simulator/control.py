"""The HTTP API behind the page: look, act, listen, break things, play stories."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from . import ids, snapshot
from .errors import Refused
from .stories import STORIES, Story

if TYPE_CHECKING:
    from .simulator import Simulator

Action = Callable[[dict[str, Any]], Awaitable[dict[str, object]]]


class Control:
    """`GET state`, `GET events`, `POST {action}`, `POST fault`, `POST story/{name}`, all under /control."""

    def __init__(self, simulator: "Simulator") -> None:
        self.simulator = simulator
        self.playing: asyncio.Task[None] | None = None
        self.actions: dict[str, Action] = {
            "scan": self.scan,
            "accept": self.accept,
            "say": self.say,
            "tell": self.tell,
            "press": self.press,
            "confirm": self.confirm,
            "ignore": self.ignore,
            "follow": self.follow,
            "unfollow_official": self.unfollow_official,
            "write": self.write,
            "click": self.click,
            "unfollow": self.unfollow,
            "remove_contact": self.remove_contact,
            "join": self.join,
            "leave": self.leave,
            "kick": self.kick,
            "contact": self.contact,
            "fault": self.fault,
            "archive_key": self.archive_key,
            "invalidate_tokens": self.invalidate_tokens,
        }

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/control/state", self.state)
        app.router.add_get("/control/events", self.events)
        app.router.add_get("/control/media/{media_id}", self.media)
        app.router.add_post("/control/story/{name}", self.story)
        app.router.add_post("/control/{action}", self.act)

    async def state(self, _: web.Request) -> web.StreamResponse:
        return _json(snapshot.take(self.simulator))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the number of changes so far, whenever it grows."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        seen = -1
        closing = asyncio.ensure_future(self.simulator.tasks.closing.wait())
        try:
            while not closing.done():
                ring = asyncio.ensure_future(self.simulator.bell.wait_beyond(seen))
                try:
                    await asyncio.wait({ring, closing}, timeout=15, return_when=asyncio.FIRST_COMPLETED)
                    if ring.done():
                        seen = ring.result()
                finally:
                    ring.cancel()
                await response.write(f"data: {seen}\n\n".encode())
        except ConnectionError:
            pass  # the page is gone
        finally:
            closing.cancel()
        return response

    async def media(self, request: web.Request) -> web.StreamResponse:
        """A picture that the bot uploaded, for the page to show."""
        media = self.simulator.corp.media.get(request.match_info["media_id"])
        if media is None:
            raise web.HTTPNotFound
        kind = "image/png" if media.content.startswith(b"\x89PNG") else "image/jpeg"
        return web.Response(body=media.content, content_type=kind if media.kind == "image" else "text/plain")

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Do what a person would; a mistake is 400 with one line that says which."""
        action = self.actions.get(request.match_info["action"])
        if action is None:
            return _json({"error": f"unknown action {request.match_info['action']}"}, status=404)
        try:
            body = orjson.loads(await request.read() or b"{}")
            done = await action(body)
        except Refused as refused:
            return _json({"error": f"errcode {refused}"}, status=400)
        except (KeyError, ValueError, TypeError, PermissionError) as error:
            return _json({"error": f"{type(error).__name__}: {error.args[0] if error.args else ''}"}, status=400)
        self.simulator.bell.ring()
        return _json({"ok": True, **done})

    async def story(self, request: web.Request) -> web.StreamResponse:
        """Start a story; one that is playing ends."""
        name = request.match_info["name"]
        if name not in STORIES:
            return _json({"error": f"unknown story {name}", "stories": list(STORIES)}, status=404)
        body = orjson.loads(await request.read() or b"{}")
        if self.playing is not None:
            self.playing.cancel()
        pace = timedelta(seconds=float(body.get("pace_s", 1.6)))
        self.playing = self.simulator.tasks.start(Story(self.simulator, name, pace).play(), name=f"story {name}")
        return _json({"ok": True, "story": name})

    async def scan(self, body: dict[str, Any]) -> dict[str, object]:
        scan = await self.simulator.scan(
            body["way"], body["by"], half=bool(body.get("half")), deliveries=int(body.get("deliveries", 1))
        )
        return {"external_userid": scan.external_userid, "userid": scan.userid, "welcome_code": scan.welcome_code}

    async def accept(self, body: dict[str, Any]) -> dict[str, object]:
        scan = await self.simulator.accept(body["staff"], body["contact"])
        return {"external_userid": scan.external_userid}

    async def say(self, body: dict[str, Any]) -> dict[str, object]:
        said = await self.simulator.say(body["who"], body["text"], body.get("group"), to=body.get("to"))
        return {"msgid": said.msgid}

    async def tell(self, body: dict[str, Any]) -> dict[str, object]:
        return {"msgid": (await self.simulator.tell(body["staff"], body["text"])).msgid}

    async def press(self, body: dict[str, Any]) -> dict[str, object]:
        press = await self.simulator.press(body["staff"], body.get("card"), body["key"], selected=body.get("selected"))
        return {"task_id": press.task_id}

    async def confirm(self, body: dict[str, Any]) -> dict[str, object]:
        part = await self.simulator.confirm(body["staff"], body.get("msgid"))
        return {"targets": dict(part.targets)}

    async def ignore(self, body: dict[str, Any]) -> dict[str, object]:
        await self.simulator.ignore(body["staff"], body.get("msgid"))
        return {}

    async def follow(self, body: dict[str, Any]) -> dict[str, object]:
        followed = await self.simulator.follow(body["person"], body.get("scene"))
        return {"openid": followed.openid, "reply": followed.reply and followed.reply.text}

    async def unfollow_official(self, body: dict[str, Any]) -> dict[str, object]:
        return {"openid": (await self.simulator.unfollow_official(body["person"])).openid}

    async def write(self, body: dict[str, Any]) -> dict[str, object]:
        reply = await self.simulator.write(body["person"], body["text"])
        return {"reply": reply and reply.text}

    async def click(self, body: dict[str, Any]) -> dict[str, object]:
        reply = await self.simulator.click(body["person"], body["key"])
        return {"reply": reply and reply.text}

    async def unfollow(self, body: dict[str, Any]) -> dict[str, object]:
        return {"userid": (await self.simulator.unfollow(body["contact"], body["staff"])).userid}

    async def remove_contact(self, body: dict[str, Any]) -> dict[str, object]:
        return {"userid": (await self.simulator.remove_contact(body["staff"], body["contact"])).userid}

    async def join(self, body: dict[str, Any]) -> dict[str, object]:
        change = await self.simulator.join(body["group"], body["contact"], int(body.get("scene", 3)))
        return {"version": change.version}

    async def leave(self, body: dict[str, Any]) -> dict[str, object]:
        return {"version": (await self.simulator.leave(body["group"], body["contact"])).version}

    async def kick(self, body: dict[str, Any]) -> dict[str, object]:
        return {"version": (await self.simulator.kick(body["group"], body["contact"], body["by"])).version}

    async def contact(self, body: dict[str, Any]) -> dict[str, object]:
        """Somebody new walks in; without a key they get the next free one."""
        key = body.get("key") or f"guest{len(self.simulator.corp.contacts) - 1}"
        contact = self.simulator.add_contact(key, body.get("name") or f"新朋友{key.removeprefix('guest')}")
        return {"key": contact.key, "external_userid": contact.external_userid, "openid": ids.openid(contact.key)}

    async def fault(self, body: dict[str, Any]) -> dict[str, object]:
        """`{endpoint, kind, times?, errcode? seconds? status?}` as in `faults.py`, or `{clear: true}`."""
        faults, endpoint, times = self.simulator.faults, body.get("endpoint", "*"), int(body.get("times", 1))
        if body.get("clear"):
            faults.clear()
            return {}
        match body["kind"]:
            case "fail":
                faults.fail(endpoint, int(body["errcode"]), times)
            case "hang":
                faults.hang(endpoint, float(body["seconds"]), times)
            case "http":
                faults.http(endpoint, int(body["status"]), times)
            case "garbage" | "cut" | "after" as kind:
                getattr(faults, kind)(endpoint, times)
            case unknown:
                raise ValueError(f"unknown kind of fault {unknown}")
        return {"planned": faults.planned()}

    async def archive_key(self, body: dict[str, Any]) -> dict[str, object]:
        return {"publickey_ver": self.simulator.register_archive_key(body["pem"])}

    async def invalidate_tokens(self, _: dict[str, Any]) -> dict[str, object]:
        self.simulator.tokens.invalidate()
        self.simulator.official_tokens.invalidate()
        return {}


def _json(value: dict[str, object], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
