"""A bot of a few lines, whose envelope is wechatpy's, and a corp to call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from wechatpy.crypto import WeChatCrypto as OfficialCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as WorkCrypto

from bot.clock import ManualClock
from bot.platforms.simulator import Simulator, SimulatorConfig

Client = TestClient[web.Request, web.Application]


def work_crypto(config: SimulatorConfig) -> Any:
    return WorkCrypto(config.token, config.aes_key, config.corp_id)


def official_crypto(config: SimulatorConfig) -> Any:
    return OfficialCrypto(config.official_token, config.official_aes_key, config.official_app_id)


def as_dict(element: Element) -> Any:
    """Texts by name; a repeated element is a list."""
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = as_dict(child)
        if child.tag in found:
            before = found[child.tag]
            found[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[child.tag] = value
    return found


@dataclass
class Bot:
    """Takes callbacks, keeps what was inside, and answers what the test wants."""

    config: SimulatorConfig
    events: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], web.Response] = field(default=lambda event: web.Response())

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/wecom", self.verify_wecom)
        app.router.add_get("/official", self.verify_official)
        app.router.add_post("/wecom", self.take_wecom)
        app.router.add_post("/official", self.take_official)
        return app

    async def verify_wecom(self, request: web.Request) -> web.Response:
        query = request.query
        echo = work_crypto(self.config).check_signature(
            query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
        )
        return web.Response(body=echo)

    async def verify_official(self, request: web.Request) -> web.Response:
        return web.Response(text=request.query["echostr"])

    async def take_wecom(self, request: web.Request) -> web.Response:
        return await self._take(request, work_crypto(self.config))

    async def take_official(self, request: web.Request) -> web.Response:
        return await self._take(request, official_crypto(self.config))

    async def _take(self, request: web.Request, crypto: Any) -> web.Response:
        query, body = request.query, await request.text()
        if "msg_signature" in query:
            plain = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        else:
            plain = body
        self.queries.append(dict(query))
        self.bodies.append(body)
        event: dict[str, Any] = as_dict(fromstring(plain))
        self.events.append(event)
        return self.answer(event)


@dataclass
class Stage:
    simulator: Simulator
    clock: ManualClock
    bot: Bot
    client: Client
    tokens: dict[str, str] = field(default_factory=dict)

    async def wecom(self, endpoint: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """Call WeCom with the app's token: POST when there is a body."""
        if "wecom" not in self.tokens:
            await self.token()
        query = {"access_token": self.tokens["wecom"], **query}
        return await self.raw("POST" if body is not None else "GET", f"/wecom/cgi-bin/{endpoint}", body, query)

    async def official(self, endpoint: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        if "official" not in self.tokens:
            config = self.simulator.config
            asked = {"grant_type": "client_credential", "appid": config.official_app_id}
            asked["secret"] = config.official_secret
            answer = await self.raw("POST", "/official/cgi-bin/stable_token", asked, {})
            self.tokens["official"] = answer["access_token"]
        query = {"access_token": self.tokens["official"], **query}
        return await self.raw("POST" if body is not None else "GET", f"/official/cgi-bin/{endpoint}", body, query)

    async def token(self, secret: str | None = None) -> dict[str, Any]:
        config = self.simulator.config
        query = {"corpid": config.corp_id, "corpsecret": secret or config.app_secret}
        answer = await self.raw("GET", "/wecom/cgi-bin/gettoken", None, query)
        self.tokens["wecom"] = answer.get("access_token", "")
        return answer

    async def raw(self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str]) -> dict[str, Any]:
        async with self.client.request(method, path, json=body, params=query) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        async with self.client.post(path, json=body or {}) as answer:
            return answer.status, await answer.json()


async def open_stage(config: SimulatorConfig, clock: ManualClock) -> tuple[Stage, TestServer]:
    simulator, bot = Simulator(clock, config), Bot(config)
    server = TestServer(bot.app())
    await server.start_server()
    client = TestClient(TestServer(simulator.app))
    await client.start_server()
    simulator.connect(wecom=str(server.make_url("/wecom")), official=str(server.make_url("/official")))
    return Stage(simulator, clock, bot, client), server
