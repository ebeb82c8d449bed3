"""What the bot says of itself: alive, ready, in numbers; and the alerts that are made of them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import Metric
from ruamel.yaml import YAML

from bot import metrics
from bot.clock import ManualClock
from bot.model.calls import Call
from bot.platforms.simulator.cast import CUSTOMER_GROUP
from bot.runtime.process import LATE, Pulse
from bot.settings import HOUSE
from bot.storage.work import Store
from bot.web import server
from bot.web.health import Health
from tests.world import World
from tests.world import world as a_world

from .conftest import Client

ALERTS = HOUSE / "docs" / "alerts.yaml"


@pytest.fixture
def pulse(clock: ManualClock) -> Pulse:
    return Pulse(clock)


@pytest.fixture
async def client(store: Store, pulse: Pulse) -> AsyncIterator[Client]:
    async with TestClient(TestServer(server.build(Health(store, pulse, no_redis).routes()))) as opened:
        yield opened


async def no_redis() -> None:
    raise ConnectionError("nobody there")


async def test_a_loop_that_hangs_makes_the_process_unready(client: Client, pulse: Pulse, clock: ManualClock) -> None:
    pulse.beat("inbox.normal")
    pulse.beat("outbox.bulk")
    assert (await client.get("/readyz")).status == 200
    clock.advance(LATE + timedelta(seconds=1))
    pulse.beat("outbox.bulk")
    answer = await client.get("/readyz")
    assert (answer.status, await answer.text()) == (503, "no step for a minute: inbox.normal\n")
    pulse.end("inbox.normal")
    assert (await client.get("/readyz")).status == 200


async def test_a_redis_that_is_gone_is_told_and_closes_no_door(client: Client) -> None:
    answer = await client.get("/readyz")
    assert (answer.status, await answer.text()) == (200, "ok, without Redis, which does not answer\n")
    assert "xiaoer_redis_up 0.0" in await (await client.get("/metrics")).text()


def value(text: str, name: str, **labels: str) -> float:
    """A number as Prometheus would read it; 0 when there is none."""
    for line in text.splitlines():
        if re.match(rf"{name}[ {{]", line) and all(f'{key}="{one}"' in line for key, one in labels.items()):
            return float(line.rpartition(" ")[2])
    return 0.0


async def numbers(world: World) -> str:
    return await (await world.client.get("/metrics")).text()


async def test_a_scan_and_its_welcome_are_counted(world: World) -> None:
    before = await numbers(world)
    way = await world.wecom.contact_way(state="spring", staff="zhou")
    await world.wecom.scan(way, by="Mei")
    await world.settle()
    after = await numbers(world)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    welcome = {"endpoint": "externalcontact/send_welcome_msg", "outcome": "sent", "errcode": "0"}
    assert more("xiaoer_calls_total", **welcome) == 1
    assert more("xiaoer_welcome_seconds_count") == 1
    assert more("xiaoer_arrivals_total", source="wecom") >= 1
    assert more("xiaoer_events_handled_total", kind="contact.added", ending="done") == 1
    assert more("xiaoer_acknowledge_seconds_count", door="wecom") >= 1


async def test_what_is_held_back_is_counted_by_its_rule_and_what_fails_by_its_errcode(tmp_path: Path) -> None:
    async with a_world(tmp_path, reach={"mass_cap": "day"}) as world:
        before = await numbers(world)
        world.wecom.faults.fail("message/send", 48002)
        for text in ("一", "二"):
            await world.wecom.tell("lin", f"/post {CUSTOMER_GROUP} now {text}")
            await world.advance(timedelta(seconds=10))
        after = await numbers(world)
        assert len(world.wecom.calls("externalcontact/add_msg_template")) == 1
        await world.advance(timedelta(days=1))
        await world.wecom.tell("lin", f"/post {CUSTOMER_GROUP} now 三")
        await world.advance(timedelta(seconds=10))
        assert len(world.wecom.calls("externalcontact/add_msg_template")) == 2

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("xiaoer_suppressed_total", rule="mass send cap") == 1
    assert more("xiaoer_calls_total", endpoint="message/send", outcome="failed", errcode="48002") == 1
    assert value(after, "xiaoer_dead_letters", ledger="outbox") == 1


async def test_what_waits_has_a_depth_and_an_age(world: World) -> None:
    await world.bot.store.work(lambda work: work.plan(Call("message/send", {"touser": "zhou"}, key="k")) and None)
    world.clock.advance(timedelta(seconds=90))
    found = await numbers(world)
    assert value(found, "xiaoer_waiting", ledger="outbox", lane="normal") == 1
    assert value(found, "xiaoer_waiting_age_seconds", ledger="outbox", lane="normal") == 90
    assert value(found, "xiaoer_waiting_age_seconds", ledger="inbox", lane="instant") == 0


async def test_no_label_holds_a_person_and_none_grows_without_end(world: World) -> None:
    way = await world.wecom.contact_way(state="spring", staff="zhou")
    await world.wecom.scan(way, by="Mei")
    await world.settle()
    labels = " ".join(re.findall(r"\{.*\}", await numbers(world)))
    for person in ("zhou", "Mei", world.contact("Mei").external_user_id or "?"):
        assert person not in labels
    values = {metrics.bounded("test", str(number)) for number in range(10 * metrics.MOST_VALUES)}
    assert len(values) == metrics.MOST_VALUES + 1


# ── alerts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def rules(path: Path = ALERTS) -> list[dict[str, Any]]:
    return [rule for group in YAML(typ="safe").load(path)["groups"] for rule in group["rules"]]


def series() -> dict[str, set[str]]:
    """The names under which each metric is exposed, with its labels."""
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}
    found: dict[str, set[str]] = {}
    for collector in metrics.REGISTRY._collector_to_names:
        labels = set(getattr(collector, "_labelnames", ()))
        for one in collector.describe() if hasattr(collector, "describe") else ():
            assert isinstance(one, Metric)
            for suffix in suffixes[one.type]:
                found[one.name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_is_made_of_numbers_that_there_are(rule: dict[str, Any]) -> None:
    known = series()
    named = re.findall(r"(xiaoer_\w+)(?:\{([^}]*)\})?", rule["expr"])
    assert named
    for name, selector in named:
        assert name in known, name
        assert set(re.findall(r"(\w+)\s*[=!]", selector)) <= known[name], f"{name}{{{selector}}}"
    grouped = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in labels.split(",")}
    assert grouped <= set().union(*(known[name] for name, _selector in named)) | {"instance"}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]


def test_there_is_an_alert_for_each_thing_that_must_not_happen_unseen() -> None:
    wanted = {"NoCallbacks", "BacklogOld", "WelcomesSlow", "CallsFail", "SchedulerLeaseLost", "DeadLetters"}
    assert {f"Xiaoer{name}" for name in wanted} <= {rule["alert"] for rule in rules()}
