"""Lives of two weeks, replayed from their beginning and from their middle: every decision is made again as it was made.

They hold what makes that hard: people who change their stage overnight, withdraw their consent and give it again, leave
and come back; SOPs that are paused, let out by stages, and look for a winner; a bot that was down; things that happen
at the very moment at which something is due.
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from bot.community import contacts
from bot.model.ids import SopName
from bot.model.tables import StepRun, Suppression
from bot.sop import publish
from bot.sop.parse import parse
from tests.sops.test_replay import replayed
from tests.web.doors import TRACK, post_lines
from tests.world import START, World, world

DAYS = 14
STAGES = """
stages:
  dormant:
    behaviour.silent_for: {gte: 4d}
  active:
    behaviour.order_paid: {count: {gte: 2}, within: 5d}
  new:
    contact.first_seen_at: {within: 3d}
"""
SOPS = {
    "hello": """
title: 欢迎
trigger: contact.added
steps:
  - if: {contact.lifecycle_stage: dormant}
    then: [{do: note, text: 又来了}]
    else: [{do: set_field, field: 小区, value: 静安}]
  - wait: 1d
  - do: start_sop
    sop: contact/child
  - wait_for: {event: order.paid, within: 3d}
    then:
      - branch:
          - {name: 常客, when: {behaviour.order_paid: {count: {gte: 2}, within: 9d}}, steps: [{do: note, text: 常客}]}
          - {name: 沪上, when: {contact.city: 上海}, steps: [{do: note, text: 沪上}]}
        default: [{do: note, text: 其他}]
    timeout:
      - branch_event: {event: order.paid}
        then: [{do: note, text: 买过}]
        else: [{do: note, text: 没买}]
""",
    "child": """
title: 第二天
trigger: {event: demo.never}
when: {contact.city: 上海}
steps:
  - id: offer
    do: send_mass
    text: 满 199 减 30
  - wait: 1d
  - branch_result: offer
    ways:
      sent: [{do: note, text: 送到了}]
      unconfirmed: [{do: note, text: 没点}]
    default: [{do: note, text: 没有发}]
""",
    "daily": """
title: 每天
trigger: {cron: "0 10 * * *"}
when: {contact.lifecycle_stage: active}
steps:
  - do: send_mass
    text: 今天有新品
  - wait: 3h
  - if: {contact.marketing_consent: false}
    then: [{do: note, text: 不打扰}]
    else: [{do: note, text: 下次见}]
""",
    "paid": """
title: 付款之后
trigger: {event: order.paid}
rollout: {stages: [20, 60, 100], every: 2d}
reentry: {after: 20h}
steps:
  - split:
      甲: {weight: 50, steps: [{do: note, text: 甲}]}
      乙: {weight: 50, steps: [{do: note, text: 乙}]}
    winner: {event: order.paid, within: 2d, min_sample: 2, min_time: 1d}
  - wait: 30m
  - do: send_mass
    text: 用得怎么样？
""",
    "first": """
title: 浏览之后
trigger: {event: page.viewed}
mutex: 浏览
priority: 90
holdout: 20%
when: {contact.city: 上海}
goal: {event: order.paid, within: 2d}
exit_on: [{event: contact.lost}, {event: page.viewed, where: {contact.city: 北京}}]
deadline: 60h
steps:
  - wait: 1d
  - do: note
    text: 一天
  - wait_for: {event: order.paid, where: {contact.city: 上海}, within: 4d}
    then: [{do: note, text: 买了}]
    timeout: [{do: note, text: 没买}]
""",
    "second": """
title: 浏览之后二
trigger: {event: page.viewed}
mutex: 浏览
steps:
  - wait_until: {time: "09:30"}
  - do: send_mass
    text: 还在看吗？
""",
    "lost": """
title: 流失
trigger: contact.lost
steps: [{do: note, text: 走了}]
""",
}
EVENTS = ("order.paid", "order.paid", "page.viewed")
RULES = {"paused", "rollout", "reentry", "mutex", "when", "consent", "frequency cap", "quiet hours", "same content"}
OUTCOMES = {"甲", "乙", "常客", "default", "then", "else", "passed", "sent", "suppressed", "goal"}


def folder(at: Path) -> Path:
    sops = at / "sops"
    (sops / "contact").mkdir(parents=True)
    (sops / "rules").mkdir()
    for name, text in SOPS.items():
        (sops / "contact" / f"{name}.yaml").write_text(f"sop: contact/{name}\nsubject: contact{text}")
    (sops / "rules" / "lifecycle.yaml").write_text(STAGES.lstrip())
    return sops


async def live(here: World, draw: random.Random) -> None:
    spring = await here.wecom.contact_way(state="spring", staff="zhou")
    known: dict[str, str] = {}
    for day in range(DAYS):
        if day % 3 == 0:
            scan = await here.wecom.scan(spring, by=here.wecom.add_contact(f"c{day}"))
            known[f"c{day}"] = scan.external_userid
        if day == 5:
            await here.bot.store.work(lambda work: publish.pause(work, "contact/paid"))
        if day == 6:
            await here.bot.store.work(lambda work: publish.resume(work, "contact/paid"))
        if day in (4, 9):
            gone = draw.choice(sorted(known))
            await here.wecom.unfollow(gone, "zhou")
            await here.advance(timedelta(hours=1))
            await here.wecom.scan(spring, by=gone)
        if day == 8:
            here.clock.advance(timedelta(hours=9))  # nobody was there to look at the clock
        await here.advance(draw.choice([timedelta(hours=2), timedelta(hours=5, minutes=17), timedelta(hours=24)]))
        for name in known:
            await change(here, draw, name)
        for hour in range(3):
            await tell(here, draw, sorted(known.values()), f"{day}:{hour}")
            await here.advance(draw.choice([timedelta(), timedelta(minutes=30), timedelta(hours=3)]))


async def change(here: World, draw: random.Random, name: str) -> None:
    """Facts that keep no history."""
    fields: dict[str, str | bool] = {
        "marketing_consent": draw.choice([True, False, True]),
        "city": draw.choice(["上海", "北京"]),
    }
    field, id = draw.choice(sorted(fields)), contacts.id_of(here.contact(name))
    await here.bot.store.work(lambda work: contacts.set_field(work, id, field, fields[field]))


async def tell(here: World, draw: random.Random, people: Sequence[str], number: str) -> None:
    lines: list[object] = [
        {
            "event_id": f"{number}:{who}",
            "event": draw.choice(EVENTS),
            "at": (here.clock.now() - draw.choice([timedelta(), timedelta(minutes=40)])).isoformat(),
            "external_userid": who,
            "properties": {"amount": draw.choice([20, 80, 200])},
        }
        for who in draw.sample(people, k=min(len(people), 3))
    ]
    answer = await post_lines(here.client, "/track", TRACK, lines, here.clock)
    assert answer.status == 200, await answer.text()


@pytest.mark.parametrize("seed", [0, 10])
async def test_every_decision_of_a_life_is_made_again(tmp_path: Path, seed: int) -> None:
    caps = {"caps": {"mass": {"count": 2, "per_hours": 30}}}
    async with world(tmp_path, sops=folder(tmp_path), track={"secret": TRACK}, reach=caps) as here:
        await live(here, random.Random(seed))
        library = here.bot.knowledge.library
        assert library.broken == {}
        assert set(here.read(select(Suppression.rule))) >= RULES
        assert set(here.read(select(StepRun.outcome))) >= OUTCOMES
        for since in (START, START + timedelta(days=6, hours=3)):
            for sop in library:
                told = replayed(here, sop, since)
                assert (told.only_would, told.only_was) == ([], []), (sop.name, since)
                assert told.same == len(told.was)


async def test_a_draft_that_asks_otherwise_decides_otherwise(tmp_path: Path) -> None:
    async with world(tmp_path, sops=folder(tmp_path), track={"secret": TRACK}) as here:
        await live(here, random.Random(1))
        first = here.bot.knowledge.library.get(SopName("contact/first"))
        changed = first.source.replace("when: {contact.city: 上海}", "when: {contact.city: 北京}")
        draft, findings = parse(changed, "draft.yaml", first.name)
        assert draft is not None, findings
        told = replayed(here, draft)
        kept_out, would_be = (
            {(one.subject, one.at) for one in ways if one.rule == "when"} for ways in (told.was, told.would)
        )
        let_in = {(one.subject, one.at) for one in told.was} - kept_out
        assert let_in <= would_be
        assert kept_out - would_be
