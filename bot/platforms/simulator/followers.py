"""What people do at the official account: follow, write, tap, scan, leave."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from . import ids, xml
from .deliver import Letter
from .official import Follower, Scene, Trigger
from .platform import Platform
from .replies import SERVICE_FAULT, PassiveReply, read_official


@dataclass(frozen=True, slots=True)
class Followed:
    """`reply` is what came back in the HTTP answer of the first delivery, if anything."""

    at: datetime
    openid: str
    unionid: str
    reply: PassiveReply | None


class Followers(Platform):
    """People and the official account."""

    async def follow(self, person: str, scene: str | Scene | None = None, *, deliveries: int = 1) -> Followed:
        """Subscribe, by a scene code when `scene` names one; somebody who follows already sends SCAN."""
        code = self._scene(scene) if scene is not None else None
        follower = self.official.followers.get(ids.openid(person))
        if follower is not None and follower.subscribed and code is not None:
            follower.grant("scan", self.now())
            fields: dict[str, object] = {"Event": "SCAN", "EventKey": code.text, "Ticket": code.ticket}
        else:
            follower = self._subscribe(person, code)
            fields = {"Event": "subscribe"}
            if code is not None:
                fields |= {"EventKey": f"qrscene_{code.text}", "Ticket": code.ticket}
        reply = await self._event(follower, fields, deliveries)
        return Followed(self.now(), follower.openid, follower.unionid, reply)

    async def unfollow_official(self, person: str) -> Followed:
        """Leave; tags, credits and the remark go with it."""
        follower = self.follower_of(person)
        follower.subscribed = False
        follower.tags, follower.remark = [], ""
        follower.credits.clear()
        await self._event(follower, {"Event": "unsubscribe", "EventKey": ""})
        return Followed(self.now(), follower.openid, follower.unionid, None)

    async def write(self, person: str, text: str, *, deliveries: int = 1) -> PassiveReply | None:
        """A text; gives the passive reply of the first delivery, None when there was none."""
        follower = self._touch(person, "message")
        self.show(follower.openid, "official", follower.openid, "text", {"content": text})
        return await self._post(
            follower,
            "text",
            {"MsgType": "text", "Content": text, "MsgId": self.ids.number()},
            deliveries,
        )

    async def click(self, person: str, key: str) -> PassiveReply | None:
        """Tap a menu entry of type click."""
        follower = self._touch(person, "click")
        return await self._event(follower, {"Event": "CLICK", "EventKey": key})

    async def view(self, person: str, url: str) -> None:
        """Tap a menu entry that opens a page; no credit comes of it."""
        await self._event(self.follower_of(person), {"Event": "VIEW", "EventKey": url})

    async def answer_popup(self, person: str, template_id: str, *, accepts: bool = True) -> None:
        """Agree to one notice of a template, or refuse: subscribe_msg_popup_event."""
        open_id = ids.openid(person)
        if accepts:
            self.consents(open_id, template_id)
        answer = {
            "TemplateId": template_id,
            "SubscribeStatusString": "accept" if accepts else "reject",
            "PopupScene": 2,
        }
        fields: dict[str, object] = {
            "Event": "subscribe_msg_popup_event",
            "SubscribeMsgPopupEvent": {"List": answer},
        }
        await self._event(self.follower_of(person), fields)

    def consents(self, open_id: str, template_id: str) -> None:
        """One more notice of a template may be sent; in a mini-program nobody else hears of it."""
        known = self.official.consents
        known[open_id, template_id] = known.get((open_id, template_id), 0) + 1

    def follower_of(self, person: str) -> Follower:
        found = self.official.followers.get(person) or self.official.followers.get(ids.openid(person))
        if found is None:
            raise KeyError(f"{person} does not follow the account")
        return found

    def add_scene(self, text: str, scene_id: int = 0) -> Scene:
        """A permanent scene code, as made in the console."""
        scene = Scene(self.ids.text(86, "gQ"), text, scene_id)
        self.official.scenes[scene.ticket] = scene
        return scene

    def add_template(self, template_id: str, fields: list[str]) -> str:
        self.official.templates[template_id] = fields
        return template_id

    def _scene(self, scene: str | Scene) -> Scene:
        if isinstance(scene, Scene):
            return scene
        known = (one for one in self.official.scenes.values() if scene in (one.text, one.ticket))
        return next(known, None) or self.add_scene(scene)

    def _subscribe(self, person: str, code: Scene | None) -> Follower:
        follower = Follower(person, ids.openid(person), ids.unionid(person), self.now())
        if code is not None:
            follower.scene, follower.scene_id = code.text, code.scene_id
            follower.grant("scan", self.now())
        follower.grant("follow", self.now())
        self.official.followers[follower.openid] = follower
        return follower

    def _touch(self, person: str, trigger: Trigger) -> Follower:
        follower = self.follower_of(person)
        follower.grant(trigger, self.now())
        return follower

    async def _event(self, follower: Follower, fields: dict[str, object], deliveries: int = 1) -> PassiveReply | None:
        return await self._post(follower, str(fields["Event"]), {"MsgType": "event", **fields}, deliveries)

    async def _post(
        self, follower: Follower, what: str, fields: dict[str, object], deliveries: int
    ) -> PassiveReply | None:
        plain = xml.render(
            {
                "ToUserName": self.config.official_id,
                "FromUserName": follower.openid,
                "CreateTime": self.now_s(),
                **fields,
            }
        )
        letter = Letter(
            "official",
            what,
            plain,
            openid=follower.openid,
            repeat=deliveries,
            read=lambda body: self._show_reply(follower, body),
            give_up=lambda: self._show_fault(follower),
            first=asyncio.get_running_loop().create_future(),
        )
        reply = await self.courier.post(letter).first
        return reply if isinstance(reply, PassiveReply) else None

    def _show_reply(self, follower: Follower, body: str) -> PassiveReply | None:
        try:
            reply = read_official(self.config, follower.openid, body)
        except Exception:
            self._show_fault(follower)
            raise
        if reply is not None:
            self.show(follower.openid, "official", "official", reply.kind, reply.content)
        return reply

    def _show_fault(self, follower: Follower) -> None:
        if follower.subscribed:
            self.show(follower.openid, "official", "official", "fault", {"content": SERVICE_FAULT})
