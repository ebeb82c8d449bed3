"""One run: a seed moves people, post, parts of the bot and the clock, one after the other; then all comes to rest."""

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta

import orjson
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.clock import ManualClock
from bot.errors import BotError
from bot.platforms.simulator import Simulator
from bot.storage.ledger.inbox import Arrival
from handlers import staff
from tests.runtime.simulation.base import BEFORE, START, Base, prepare
from tests.runtime.simulation.disk import Held
from tests.runtime.simulation.fate import Crash, Fate
from tests.runtime.simulation.life import Life, SetClock
from tests.runtime.simulation.mailbag import Mailbag
from tests.runtime.simulation.people import People
from tests.runtime.simulation.wire import Exchange

TURNS, MOST_TURNS = 12, 400
"""How many times the loop goes round after a move, so that what it woke has had its say."""
MOST_ROUNDS = 3_000
RECOVER_EVERY = timedelta(seconds=30)
REST, LONG_REST = timedelta(minutes=45), timedelta(hours=26)
UNTIL_SETTLED = timedelta(minutes=6)
READY = (
    "SELECT 'inbox.' || lane, min(ready_at) FROM inbox WHERE state = 'new' GROUP BY lane UNION ALL "
    "SELECT 'outbox.' || lane, min(ready_at) FROM outbox WHERE state = 'planned' GROUP BY lane UNION ALL "
    "SELECT 'timers', min(due_at) FROM timers WHERE state = 'waiting' HAVING min(due_at) IS NOT NULL UNION ALL "
    "SELECT 'sending', min(claimed_until) FROM outbox WHERE state = 'sending' HAVING min(claimed_until) IS NOT NULL"
)


class Town:
    """Everything of one run."""

    def __init__(self, seed: int, base: Base, start: datetime = START) -> None:
        self.seed, self.base, self.fate = seed, base, Fate(seed)
        self.world = ManualClock(start)
        self.machine = SetClock(self.world)
        self.simulator = Simulator(self.world, base.config)
        self.mail = Mailbag(self.simulator, self.world, self.fate)
        self.exchange = Exchange(self.simulator, self.world)
        self.people = People(self.simulator, self.fate)
        self.acknowledged: list[Arrival] = []
        self.handled: list[int] = []
        self.story: list[str] = []
        self.life: Life | None = None
        self._recovered_at = start
        base.disk.load(base.content)

    async def run(self) -> None:
        """The whole story, to its end."""
        self.people.settle_in()
        for move in range(self.fate.moves):
            await self._move()
            if move == self.fate.floods_at:
                await self.people.flood()
        self.fate.calm()
        self.machine.error = timedelta()
        await self.rest(LONG_REST if self.fate.waits_long else REST)
        await self._read_corp()
        await self._die("the end")
        await self.simulator.close()

    async def get_ready(self) -> None:
        """A first start on a calm day: the corp is read."""
        self.fate.calm()
        await self.rest(timedelta(minutes=1))
        await self._die("ready")
        await self.simulator.close()

    async def _read_corp(self) -> None:
        """What no callback told of is found in the end."""
        await self.rest(UNTIL_SETTLED)
        await self._be_born()
        assert self.life is not None
        await self.life.store.work(staff.begin)
        await self.rest(UNTIL_SETTLED)

    def digest(self) -> str:
        """The same for the same story."""
        with Session(self.base.disk.engine) as session:
            tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            rows = [
                (table, [tuple(map(str, row)) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))])
                for [table] in session.execute(text(tables)).all()
            ]
        told = orjson.dumps([self.story, [str(one) for one in self.exchange.passed], rows])
        return hashlib.sha256(told).hexdigest()[:16]

    # ── moves ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _move(self) -> None:
        draw = self.fate.random.random()
        if self.life is None:
            await self._move_without_bot(draw)
        elif self.fate.strikes(self.fate.crashes):
            await self._die("between two steps")
        elif draw < 0.14:
            await self._act()
        elif draw < 0.34:
            await self._deliver()
        elif draw < 0.92:
            await self._step()
        else:
            await self._pass_time()
        await self._turns()

    async def _move_without_bot(self, draw: float) -> None:
        if draw < 0.4:
            await self._be_born()
        elif draw < 0.6:
            await self._act()
        elif draw < 0.8:
            await self._deliver()
        else:
            await self._pass_time()

    async def _act(self) -> None:
        self.story.append("act")
        await self.people.act()

    async def _deliver(self) -> None:
        delivery = self.mail.take_due()
        if delivery is None:
            return
        letter = delivery.letter
        self.story.append(f"deliver {letter.what}")
        life = self.life
        if life is None or not await self._attend(life.receive(letter.receiver, self.mail.seal(letter))):
            self.mail.bring_again(delivery)

    async def _step(self) -> None:
        assert self.life is not None
        rung = list(self.life.bells.rung)
        topic = self.fate.choose(rung if rung and self.fate.random.random() < 0.8 else list(self.life.loops))
        await self._turn_of(topic)

    async def _turn_of(self, topic: str) -> bool:
        """One step of a loop; False when it found nothing to do."""
        life, moved = self.life, list[int]()
        if life is None:
            return True

        async def step() -> None:
            moved.append(await life.loops[topic].step())

        self.story.append(topic)
        life.bells.rung.pop(topic, None)
        return not await self._attend(step()) or moved != [0]

    async def _pass_time(self) -> None:
        seconds = self.fate.choose((0.05, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0))
        self.story.append(f"{seconds} s")
        self.world.advance(timedelta(seconds=seconds))
        if self.fate.strikes(self.fate.jumps * 10):
            self.machine.error = timedelta(seconds=self.fate.random.uniform(-900, 900))
        await self._recover_now_and_then()

    async def _recover_now_and_then(self) -> None:
        if self.life is not None and self.world.now() - self._recovered_at >= RECOVER_EVERY:
            self._recovered_at = self.world.now()
            await self._attend(self.life.outboxes[0].recover())

    # ── life and death ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _be_born(self) -> None:
        if self.life is not None:
            return
        self.story.append("start")
        held = Held(self.base.disk, self.fate)
        self.life = Life(
            self.base.settings, self.base.knowledge, held, self.exchange, self.fate, self.machine,
            self._keep, self.handled,
        )  # fmt: skip
        if not await self._attend(self.life.begin()) and self.life is not None:
            await self._die("could not start")

    async def _die(self, how: str) -> None:
        if self.life is not None:
            self.story.append(f"dead: {how}")
            await self.life.end()
            self.life = None

    def _keep(self, arrivals: Sequence[Arrival]) -> None:
        self.acknowledged += arrivals

    async def _attend(self, work: Coroutine[object, object, object]) -> bool:
        """Let a part of the bot do something to its end; False when it failed or died of it."""
        assert self.life is not None
        task, life = asyncio.ensure_future(work), self.life
        for _turn in range(MOST_TURNS):
            if task.done() or life.held.is_dead:
                break
            await asyncio.sleep(0)
        else:
            raise AssertionError("a step does not come to its end")
        if life.held.is_dead:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._die("in the middle")
            return False
        try:
            task.result()
        except (OperationalError, BotError):
            return False
        return True

    async def _turns(self) -> None:
        for _turn in range(TURNS):
            await asyncio.sleep(0)
        if self.life is not None and self.life.held.is_dead:
            await self._die("during a call")

    # ── rest ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def rest(self, duration: timedelta) -> None:
        """Let time pass, stopping wherever somebody has something to do."""
        end = self.world.now() + duration
        for _round in range(MOST_ROUNDS):
            await self._be_born()
            await self._turns()
            await self._recover_now_and_then()
            if await self._deliver_what_is_due() or await self._do_what_is_due():
                continue
            moment = self._next_moment()
            if moment is None or moment > end:
                self.world.move_to(end)
                await self._turns()
                return
            self.world.move_to(max(moment, self.world.now() + timedelta(milliseconds=1)))
        raise AssertionError("the town does not come to rest")

    async def _deliver_what_is_due(self) -> bool:
        before = len(self.mail.waiting)
        await self._deliver()
        return len(self.mail.waiting) < before

    async def _do_what_is_due(self) -> bool:
        now = self.machine.now()
        due = [topic for topic, moment in self._ready() if moment <= now and topic != "sending"]
        ended = [
            topic
            for outbox in (self.life.outboxes if self.life else [])
            for topic in [outbox.topic]
            if any(task.done() for task in outbox._under_way)
        ]
        moved = False
        for topic in dict.fromkeys([*due, *ended]):
            moved |= await self._turn_of(topic)
            await self._turns()
        return moved

    def _ready(self) -> list[tuple[str, datetime]]:
        rows = self.base.disk.look(READY)
        return [(topic, datetime.fromisoformat(moment).replace(tzinfo=START.tzinfo)) for topic, moment in rows]

    def _next_moment(self) -> datetime | None:
        moments = [moment for _topic, moment in self._ready() if moment > self.machine.now()]
        moments += [one.due_at for one in self.mail.waiting]
        wake = self.world.next_wake()
        return min([*moments, wake] if wake else moments, default=None)


async def begun() -> Base:
    """What the stories begin with: a bot that has read the corp an hour before."""
    base = await prepare()
    await Town(0, base, BEFORE).get_ready()
    base.content = base.disk.save()
    return base


async def play(seed: int, base: Base) -> Town:
    """Run a seed to its end."""
    asyncio.get_running_loop().set_exception_handler(_ignore_the_dead)
    town = Town(seed, base)
    await town.run()
    return town


def _ignore_the_dead(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Tasks of a process that died end as they may."""
    if not isinstance(context.get("exception"), Crash):
        loop.default_exception_handler(context)
