"""Events handled from inbox to outbox, against their handlers alone, and what share of that is the database.

    python -m bench.events [--events N] [--engine sqlite|postgresql|both]

The bot as it is started, with the shipped SOPs, rules and segments; its workers alone run, nothing leaves the outbox.
Bare handlers get the same events in transactions of the same size: without inbox, savepoints, segments or what follows.
"""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlmodel import func, select

from bench import rig
from bot import demo, log
from bot.app import Bot, opened
from bot.model.events import ContactAdded, Event, MessageReceived, Tracked
from bot.model.ids import ChatId, ExternalUserId, TraceId, UserId
from bot.model.tables import OutboxRow
from bot.platforms.simulator import SimulatorConfig
from bot.runtime.worker import BATCH
from bot.settings import Settings
from bot.storage.ledger.inbox import Arrival
from bot.storage.work import Work

PEOPLE = 500
LINES = (
    "这周的豆子很香",
    "周末有烘焙课吗？",
    "已经收到啦，谢谢",
    "口红还有货吗？多少钱",
    "请问几点开门？",
    "加我微信领红包 13800138000",
)


def who(n: int) -> ExternalUserId:
    return ExternalUserId(f"wmBench{n % PEOPLE:05}")


def added(n: int, at: datetime) -> Event:
    new = ExternalUserId(f"wmNew{n:07}")
    return ContactAdded(at=at, user_id=UserId("zhou"), external_user_id=new, state="spring", welcome_code=f"code{n}")


def said(n: int, at: datetime) -> Event:
    return MessageReceived(
        at=at,
        channel="archive",
        message_id=f"m{n}",
        text=LINES[n % len(LINES)],
        external_user_id=who(n),
        chat_id=ChatId(f"wrBench{n % 20}"),
    )


def viewed(n: int, at: datetime) -> Event:
    return Tracked(at=at, name="page.viewed", event_id=f"t{n}", external_user_id=who(n), properties={"page": "/latte"})


Make = Callable[[int, datetime], Event]
KINDS: dict[str, Make] = {"contact added": added, "message in a group": said, "behaviour tracked": viewed}


def settings(folder: Path, database_url: str) -> Settings:
    key, _public = demo.archive_keys(folder)
    return demo.settings(SimulatorConfig(), "http://127.0.0.1:9", key, database_url=database_url)


async def receive(bot: Bot, make: Make, first: int, last: int) -> None:
    def put(work: Work) -> None:
        work.receive(
            Arrival("bench", make(n, work.now), f"{make.__name__}:{n}", TraceId(f"t{n}")) for n in range(first, last)
        )

    await bot.store.work(put)


async def handle(bot: Bot) -> int:
    """Everything in the inbox, whatever it leads to; returns how many events that were."""
    handled = 0
    while done := sum([await worker.handle() for worker in bot.workers]):
        handled += done
    return handled


@dataclass(frozen=True)
class Handled:
    events: int
    calls: int
    spent: rig.Spent
    busy: rig.Busy


async def measure(bot: Bot, busy: rig.Busy, make: Make, count: int, first: int) -> Handled:
    await receive(bot, make, first, first + count)
    before = await planned(bot)
    busy.reset()
    with rig.stopwatch() as spent:
        events = await handle(bot)
    return Handled(events, await planned(bot) - before, spent, busy)


async def bare(bot: Bot, make: Make, count: int, first: int) -> rig.Spent:
    """The handlers alone; what they record is worked off afterwards, and not counted."""

    def dispatch(work: Work, start: int) -> None:
        for n in range(start, min(start + BATCH, first + count)):
            bot.dispatcher.dispatch(work, make(n, work.now))

    with rig.stopwatch() as spent:
        for start in range(first, first + count, BATCH):
            await bot.store.work(partial(dispatch, start=start), origin=f"bare:{make.__name__}:{start}")
    await handle(bot)
    return spent


async def planned(bot: Bot) -> int:
    return await bot.store.read(lambda session: session.exec(select(func.count()).select_from(OutboxRow)).one())


def told(name: str, count: int, done: Handled, alone: rig.Spent) -> str:
    spent, busy = done.spent, done.busy
    share = busy.seconds / spent.wall_s
    return (
        f"  {name:<19} {count / spent.cpu_s:4.0f} a second of processor time, "
        f"{rig.growth(alone.cpu_s, spent.cpu_s)} of its handlers alone; database {share:4.0%} of the time; each with "
        f"{busy.statements / count:.1f} statements, {done.calls / count:.1f} calls, {done.events / count:.1f} events"
    )


async def run(engine: str, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder, rig.database_url(engine) as url:
        async with opened(settings(Path(folder), url)) as bot:
            busy = rig.Busy(bot.store.database.engine)
            for make in KINDS.values():
                await receive(bot, make, 0, PEOPLE)
            while await bot.scheduler.fire() + await handle(bot):
                pass
            for name, make in KINDS.items():
                alone = await bare(bot, make, count, PEOPLE + count)
                done = await measure(bot, busy, make, count, PEOPLE)
                print(told(name, count, done, alone), flush=True)


def main() -> None:
    asked = rig.options(__doc__)
    asked.add_argument("--events", type=int, default=2_000, help="of each kind")
    given = asked.parse_args()
    log.start("CRITICAL")
    for engine in rig.engines(given.engine):
        print(f"{rig.TITLES[engine]}, one worker, batches of {BATCH}")
        asyncio.run(run(engine, given.events))
    print("repeat with: python -m bench.events")


if __name__ == "__main__":
    main()
