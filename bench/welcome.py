"""From a scan to the welcome's arrival at the platform: with nothing else to do, and behind a backlog.

    python -m bench.welcome [--scans N] [--backlog N]

The bot runs in a process of its own (`all` roles, SQLite); the simulated platform and the people run here.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp.test_utils import TestServer

from bench import load
from bench.intake import callbacks
from bot import demo, log, serve
from bot.app import opened
from bot.clock import SystemClock
from bot.platforms.simulator import Simulator, SimulatorConfig
from bot.settings import Settings

PORT = 18300
WELCOME = "externalcontact/send_welcome_msg"


def run_bot(settings: Settings, ready: Connection) -> None:
    async def run() -> None:
        async with opened(settings) as bot:
            await serve.serve(bot, serve.ALL, lambda: ready.send("ready"))

    log.start("ERROR")
    asyncio.run(run())


async def scans(simulator: Simulator, count: int, name: str) -> list[float]:
    """Seconds from each scan to its welcome, for contacts who come a tenth of a second apart."""
    way = await simulator.contact_way(state="spring", staff="zhou")
    scanned = {}
    for number in range(count):
        contact = simulator.add_contact(f"{name}{number}")
        scan = await simulator.scan(way, by=contact.key)
        scanned[scan.welcome_code] = scan.at
        await asyncio.sleep(0.1)
    for _wait in range(300):
        arrived = {call.body["welcome_code"]: call.at for call in simulator.calls(WELCOME) if call.errcode == 0}
        if scanned.keys() <= arrived.keys():
            return [(arrived[code] - at) / timedelta(seconds=1) for code, at in scanned.items()]
        await asyncio.sleep(0.1)
    raise SystemExit(f"{len(scanned.keys() - arrived.keys())} of {count} welcomes did not arrive")


def told(name: str, seconds: list[float]) -> float:
    seconds.sort()
    p50, p99 = statistics.median(seconds), seconds[int(len(seconds) * 0.99)]
    print(f"{name:<28} p50 {p50 * 1000:6.0f} ms  p99 {p99 * 1000:6.0f} ms  slowest {seconds[-1] * 1000:6.0f} ms")
    return p50


async def measure(count: int, backlog: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        key, public = demo.archive_keys(Path(folder))
        config = SimulatorConfig(archive_public_key=public)
        simulator = Simulator(SystemClock(), config)
        platform = TestServer(simulator.app)
        await platform.start_server()
        base = str(platform.make_url("/")).rstrip("/")
        listen = f"127.0.0.1:{PORT}"
        settings = demo.settings(config, base, key, listen=listen, database_url=f"sqlite:///{folder}/xiaoer.db")
        simulator.connect(wecom=f"http://{listen}/callback/wecom", official=None)
        here, there = multiprocessing.Pipe()
        bot = multiprocessing.Process(target=run_bot, args=(settings, there), daemon=True)
        bot.start()
        await asyncio.to_thread(here.recv)
        await asyncio.sleep(3)
        idle = told("idle", await scans(simulator, count, "idle"))
        await load.run("127.0.0.1", PORT, callbacks(backlog, settings), 32)
        busy = told(f"{backlog} events behind it", await scans(simulator, count, "busy"))
        print(f"p50 behind the backlog against idle: {busy / idle:.1f}")
        print("repeat with: python -m bench.welcome")
        bot.terminate()
        await asyncio.to_thread(bot.join, 15)
        await simulator.close()
        await platform.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scans", type=int, default=50)
    arguments.add_argument("--backlog", type=int, default=5_000)
    given = arguments.parse_args()
    asyncio.run(measure(given.scans, given.backlog))


if __name__ == "__main__":
    main()
