"""Durable acknowledged callbacks a second on one core, against a bare aiohttp server of the same run.

    python -m bench.intake [--requests N] [--rounds N]

Bare reads the body and answers. Xiaoer verifies the signature, decrypts, reads the XML, commits the event to SQLite
(synchronous=FULL) and answers. Server and load have a core each where there are two.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web

from bench import load
from bot import demo, serve
from bot.app import opened
from bot.platforms.simulator import SimulatorConfig
from bot.platforms.wecom import callback
from bot.settings import Settings

CONNECTIONS = 64
WARM_UP = 500


def settings(folder: Path, port: int) -> Settings:
    key, _public = demo.archive_keys(folder)
    listen = f"127.0.0.1:{port}"
    database_url = f"sqlite:///{folder}/xiaoer.db"
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


def run_bare(port: int, ready: Connection) -> None:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    async def run() -> None:
        app = web.Application()
        app.add_routes([web.post("/callback/wecom", answer)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        ready.send("ready")
        await asyncio.Event().wait()

    load.pin(0)
    asyncio.run(run())


def run_xiaoer(port: int, ready: Connection) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with opened(settings(Path(folder), port)) as bot:
                await serve.serve(bot, ["web"], lambda: ready.send("ready"))

    load.pin(0)
    asyncio.run(run())


def measure(server: object, port: int, requests: list[bytes]) -> load.Load:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=server, args=(port, there), daemon=True)  # type: ignore[arg-type]
    process.start()
    here.recv()
    asyncio.run(load.run("127.0.0.1", port, requests[:WARM_UP], CONNECTIONS))
    assert process.pid is not None
    result = asyncio.run(load.run("127.0.0.1", port, requests[WARM_UP:], CONNECTIONS, [process.pid]))
    process.terminate()
    process.join(15)
    time.sleep(0.2)
    return result


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    load.pin(1)
    with tempfile.TemporaryDirectory() as folder:
        requests = callbacks(given.requests + WARM_UP, settings(Path(folder), 1))
    ratios, costs = [], []
    for number in range(given.rounds):
        bare = measure(run_bare, 18170 + 2 * number, requests)
        xiaoer = measure(run_xiaoer, 18171 + 2 * number, requests)
        ratios.append(xiaoer.answers_per_s / bare.answers_per_s)
        costs.append(xiaoer.cpu_us / bare.cpu_us)
        for name, one in (("bare", bare), ("xiaoer", xiaoer)):
            print(
                f"round {number + 1} {name:<7} {one.answers_per_s:8.0f} answers/s  p50 {one.p50_ms:5.1f} ms"
                f"  p99 {one.p99_ms:5.1f} ms  processor {one.cpu_us:4.0f} µs an answer  refused {one.refused}"
            )
    print(f"durable acknowledgements against bare aiohttp, {CONNECTIONS} connections: {statistics.median(ratios):.2f}")
    print(f"processor time of one against bare aiohttp: {statistics.median(costs):.2f}")
    print("repeat with: python -m bench.intake")


if __name__ == "__main__":
    main()
