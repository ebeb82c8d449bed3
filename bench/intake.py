"""Durable acknowledged callbacks a second, against a bare aiohttp echo server of the same run.

    python -m bench.intake [--requests N] [--rounds N] [--engine sqlite|postgresql|both]

Bare echoes the body. Xiaoer verifies the signature, decrypts, reads the XML, commits the event (SQLite with
synchronous=FULL, PostgreSQL with fsync) and answers. A single server has a core and the load another, where there are
two; PostgreSQL, and a second process on the same port (SO_REUSEPORT), take theirs from both.

Beside it stands what wechatpy, the usual library, spends on decrypting and parsing the same callbacks alone.
"""

import asyncio
import multiprocessing
import socket
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web
from wechatpy.enterprise import parse_message
from wechatpy.enterprise.crypto import WeChatCrypto

from bench import load, rig
from bot import demo, log, serve
from bot.app import opened
from bot.platforms.simulator import SimulatorConfig
from bot.platforms.wecom import callback
from bot.settings import Settings

CONNECTIONS = 64
WARM_UP = 500


def settings(folder: Path, port: int, database_url: str) -> Settings:
    key, _public = demo.archive_keys(folder)
    listen = f"127.0.0.1:{port}"
    return demo.settings(SimulatorConfig(), "http://127.0.0.1:9", key, listen=listen, database_url=database_url)


def callbacks(count: int, of: Settings) -> list[bytes]:
    """Different contacts who were added, each sealed as WeCom seals them."""
    assert of.wecom is not None
    door = callback.envelope(of.wecom)
    requests = []
    for number in range(count):
        message = (
            f"<xml><ToUserName><![CDATA[{of.wecom.corp_id}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
            f"<CreateTime>{1763940000 + number // 1000}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
            f"<Event><![CDATA[change_external_contact]]></Event>"
            f"<ChangeType><![CDATA[edit_external_contact]]></ChangeType><UserID><![CDATA[zhou]]></UserID>"
            f"<ExternalUserID><![CDATA[wmBench{number:08}]]></ExternalUserID></xml>"
        )
        sealed, signature = door.seal(message.encode(), "1763940000", "n")
        body = f"<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
        requests.append(load.post(f"/callback/wecom?msg_signature={signature}&timestamp=1763940000&nonce=n", body))
    return requests


def readings(requests: list[bytes], of: Settings) -> tuple[float, float]:
    """Microseconds of processor time to check, decrypt and parse a callback: wechatpy's, and our door's."""
    assert of.wecom is not None
    door = callback.envelope(of.wecom)
    crypto = WeChatCrypto(of.wecom.token.get_secret_value(), of.wecom.aes_key.get_secret_value(), of.wecom.corp_id)
    sent = []
    for request in requests:
        head, _, body = request.partition(b"\r\n\r\n")
        sent.append((body, dict(parse_qsl(head.split(b" ", 2)[1].decode().partition("?")[2]))))

    def with_wechatpy(body: bytes, query: dict[str, str]) -> object:
        return parse_message(crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"]))

    def at_the_door(body: bytes, query: dict[str, str]) -> object:
        return callback.read(door, query, body, datetime.now(UTC))

    return _fastest_us(with_wechatpy, sent), _fastest_us(at_the_door, sent)


def _fastest_us(read: Callable[[bytes, dict[str, str]], object], sent: list[tuple[bytes, dict[str, str]]]) -> float:
    """Of a few rounds: what others do on the machine only ever adds."""
    taken_s = []
    for _round in range(5):
        with rig.stopwatch() as spent:
            for body, query in sent:
                read(body, query)
        taken_s.append(spent.cpu_s)
    return min(taken_s) / len(sent) * 1e6


def run_bare(port: int, ready: Connection, core: int, _url: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def run() -> None:
        app = web.Application()
        app.add_routes([web.post("/callback/wecom", answer)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, reuse_port=True).start()
        ready.send("ready")
        await asyncio.Event().wait()

    load.pin(core)
    asyncio.run(run())


def run_xiaoer(port: int, ready: Connection, core: int, url: str) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with opened(settings(Path(folder), port, url)) as bot:
                await serve.serve(bot, ["web"], lambda: ready.send("ready"))

    load.pin(core)
    log.start("CRITICAL")
    asyncio.run(run())


Server = Callable[[int, Connection, int, str], None]


def measure(server: Server, requests: list[bytes], processes: int, url: str) -> load.Load:
    port, started = free_port(), []
    for core in range(processes):
        here, there = multiprocessing.Pipe()
        started.append(multiprocessing.Process(target=server, args=(port, there, core, url), daemon=True))
        started[-1].start()
        here.recv()
    asyncio.run(load.run("127.0.0.1", port, requests[:WARM_UP], CONNECTIONS))
    ids = [process.pid for process in started if process.pid is not None]
    result = asyncio.run(load.run("127.0.0.1", port, requests[WARM_UP:], CONNECTIONS, ids))
    for process in started:
        process.terminate()
        process.join(15)
    return result


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def compare(engine: str, processes: int, requests: list[bytes], rounds: int, wechatpy_us: float) -> None:
    """Bare and Xiaoer in turn, each round with a database that knows none of the callbacks."""
    ratios, costs, accepted = [], [], []
    for _round in range(rounds):
        bare = measure(run_bare, requests, processes, "")
        with rig.database_url(engine) as url:
            xiaoer = measure(run_xiaoer, requests, processes, url)
        ratios.append(xiaoer.answers_per_s / bare.answers_per_s)
        costs.append(xiaoer.cpu_us / bare.cpu_us)
        accepted.append(xiaoer.answers_per_s * wechatpy_us / 1e6)
        for name, one in (("bare", bare), ("xiaoer", xiaoer)):
            print(
                f"  {name:<7} {one.answers_per_s:6.0f} answers/s  p50 {one.p50_ms:5.1f} ms  p99 {one.p99_ms:5.1f} ms  "
                f"processor {one.cpu_us:4.0f} µs an answer  refused {one.refused}",
                flush=True,
            )
    print(
        f"{rig.TITLES[engine]}, {processes} {'process' if processes == 1 else 'processes'}: "
        f"{statistics.median(ratios):.2f} of bare aiohttp's answers, "
        f"{statistics.median(costs):.1f} times its processor time; "
        f"{statistics.median(accepted):.2f} accepted for each that wechatpy decrypts and parses"
    )


def main() -> None:
    asked = rig.options(__doc__)
    asked.add_argument("--requests", type=int, default=10_000)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    load.pin(1)
    with tempfile.TemporaryDirectory() as folder:
        of = settings(Path(folder), 1, f"sqlite:///{folder}/none.db")
        requests = callbacks(given.requests + WARM_UP, of)
        wechatpy_us, door_us = readings(requests[:WARM_UP], of)
    print(f"wechatpy decrypts and parses in {wechatpy_us:.0f} µs, the door in {door_us / wechatpy_us:.2f} of that")
    for engine in rig.engines(given.engine):
        compare(engine, 1, requests, given.rounds, wechatpy_us)
        if engine == "postgresql":  # one process is all that SQLite takes
            compare(engine, 2, requests, given.rounds, wechatpy_us)
    print("repeat with: python -m bench.intake")


if __name__ == "__main__":
    main()
