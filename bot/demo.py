"""The demo: the bot and a simulated platform in one process, with a sample community. It begins anew at each start."""

import shutil
import socket
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot import settings as configuration
from bot.clock import SystemClock
from bot.errors import SettingsError
from bot.model.ids import ChatId, ExternalUserId, UserId
from bot.platforms.simulator import Simulator, SimulatorConfig
from bot.platforms.simulator.cast import CUSTOMER_GROUP, INTERNAL_GROUP, WEBHOOK_KEY
from bot.sample import DAYS, live_through
from bot.settings import Settings
from bot.storage.work import Work

FOLDER = Path("var/demo")
"""Holds a folder for each port, so that two demos do not share theirs."""
PORTS_TRIED = 20


def prepare(listen: str | None = None) -> tuple[Settings, Simulator]:
    """The demo's settings, and the platform that stands in for WeCom and WeChat."""
    listen = listen or f"127.0.0.1:{_free_port()}"
    folder = FOLDER / listen.rpartition(":")[2]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    key, public = archive_keys(folder)
    config = SimulatorConfig(archive_public_key=public)
    simulator = Simulator(SystemClock(), config)
    base = f"http://{listen}"
    simulator.connect(**{name: f"{base}/callback/{name}" for name in ("wecom", "official", "aibot")})
    database_url = f"sqlite:///{folder}/xiaoer.db"
    own = settings(
        config,
        f"{base}/simulator",
        key,
        listen=listen,
        public_url=base,
        database_url=database_url,
        console={"open": True},
        keep={"folder": FOLDER / "archive"},
    )
    return own, simulator


def mount(app: web.Application, simulator: Simulator) -> None:
    """Put the platform and its page below `/simulator/` of the bot's own server."""

    async def page(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/simulator/")

    app.add_routes([web.get("/", page), web.get("/simulator", page)])
    app.add_subapp("/simulator/", simulator.app)


def fill(work: Work, simulator: Simulator) -> None:
    """Give the sample community its past: its group is older than what was said in it."""
    group = simulator.group_of(CUSTOMER_GROUP)
    group.created_at = work.now - timedelta(days=DAYS + 7)
    for member in group.members:
        member.joined_at = group.created_at
    people = [ExternalUserId(member.id) for member in group.members if not member.is_staff]
    live_through(work, ChatId(group.chat_id), people, UserId("zhou"))


def settings(config: SimulatorConfig, base: str, archive_key: Path, **more: object) -> Settings:
    """Settings that connect the bot with the simulator at `base`."""
    return configuration.load(
        demo=True,
        roles={"manager": ["lin"], "admin": ["boss"]},
        webhooks={INTERNAL_GROUP: WEBHOOK_KEY},
        wecom={
            "corp_id": config.corp_id,
            "agent_id": config.agent_id,
            "secret": config.app_secret,
            "token": config.token,
            "aes_key": config.aes_key,
            "api_base": f"{base}/wecom",
        },
        official={
            "app_id": config.official_app_id,
            "secret": config.official_secret,
            "token": config.official_token,
            "aes_key": config.official_aes_key,
            "mode": config.official_mode,
            "api_base": f"{base}/official",
        },
        miniprogram={
            "app_id": config.miniprogram_app_id,
            "secret": config.miniprogram_secret,
            "api_base": f"{base}/official",
        },
        aibot={"token": config.aibot_token, "aes_key": config.aibot_aes_key},
        archive={
            "pull_base": f"{base}/archive",
            "pull_secret": config.archive_secret,
            "private_key": archive_key,
        },
        **more,
    )


def archive_keys(folder: Path) -> tuple[Path, str]:
    """A new key pair for the archive: the file of the private key, and the public one in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = folder / "archive.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path.chmod(0o600)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return path, public.decode()


def _free_port() -> int:
    for port in range(8080, 8080 + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if _binds(probe, port):
                return port
    raise SettingsError(f"none of the ports 8080 to {8079 + PORTS_TRIED} is free; give one with --listen")


def _binds(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
