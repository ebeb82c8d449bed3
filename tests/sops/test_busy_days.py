"""Ten busy days, replayed: every SOP that was in force decides again exactly what it decided then."""

import random
from datetime import timedelta
from pathlib import Path

from sqlmodel import func, select

from bot.model.tables import Run, SegmentMember, StepRun, Suppression
from tests.sops.test_replay import replayed
from tests.web.doors import TRACK, post_lines
from tests.world import World, world

SEGMENT = """
segment: buyers
title: 买过两次的人
subject: contact
who: {behaviour.order_paid: {count: {gte: 2}, within: 9d}}
"""
SOPS = {
    "hello": """
sop: contact/hello
title: 欢迎
subject: contact
trigger: contact.added
holdout: 20%
steps:
  - do: add_tag
    tags: [渠道/春季]
  - split:
      甲:
        weight: 50
        steps:
          - wait: 3d
          - do: send_mass
            text: 满 199 减 30，七天内有效
      乙:
        weight: 50
        steps:
          - wait_until: {time: "20:00"}
          - do: send_mass
            text: 八五折，七天内有效
  - wait_for: {event: order.paid, within: 4d}
    then:
      - goal: true
    timeout:
      - if: {behaviour.order_paid: {count: {gte: 1}, within: 30d}}
        then:
          - do: note
            text: 买得早
        else:
          - do: note
            text: 没有买
""",
    "thanks": """
sop: contact/thanks
title: 老客
subject: contact
trigger: {segment.entered: buyers}
reentry: {after: 5d}
steps:
  - do: send_mass
    text: 谢谢你又来了
""",
    "paid": """
sop: contact/paid
title: 付款之后
subject: contact
trigger: {event: order.paid}
reentry: {after: 2d}
when: {event.amount: {gte: 50}}
steps:
  - wait: 2h
  - do: send_mass
    text: 用得怎么样？
""",
}
DAYS = 10


def folder(at: Path) -> Path:
    sops = at / "sops"
    for name, text in SOPS.items():
        (sops / "contact").mkdir(parents=True, exist_ok=True)
        (sops / "contact" / f"{name}.yaml").write_text(text.lstrip())
    (sops / "segments").mkdir()
    (sops / "segments" / "buyers.yaml").write_text(SEGMENT.lstrip())
    return sops


async def live(here: World, draw: random.Random) -> None:
    """Somebody new every other day; all of them buy now and then, some more than they are written to."""
    spring = await here.wecom.contact_way(state="spring", staff="zhou")
    known: list[str] = []
    for day in range(DAYS):
        if day % 2 == 0:
            scan = await here.wecom.scan(spring, by=here.wecom.add_contact(f"c{day}"))
            known.append(scan.external_userid)
        minutes = draw.randint(1, 600)
        await here.advance(timedelta(minutes=minutes))
        lines: list[object] = [
            {
                "event_id": f"{day}:{who}",
                "event": "order.paid",
                "at": here.clock.now().isoformat(),
                "external_userid": who,
                "properties": {"amount": draw.choice([20, 80, 200])},
            }
            for who in draw.sample(known, k=min(len(known), 2))
        ]
        answer = await post_lines(here.client, "/track", TRACK, lines, here.clock)
        assert answer.status == 200, await answer.text()
        await here.advance(timedelta(days=1, minutes=-minutes))


async def test_every_decision_of_ten_busy_days_is_made_again(tmp_path: Path) -> None:
    caps = {"caps": {"mass": {"count": 1, "per_hours": 72}}}
    async with world(tmp_path, sops=folder(tmp_path), track={"secret": TRACK}, reach=caps) as here:
        await live(here, random.Random(5))
        happened = set(here.read(select(Suppression.rule)))
        assert {"holdout", "frequency cap", "reentry", "when"} <= happened
        assert here.read(select(func.count()).select_from(SegmentMember)) != [0]
        variants = set(here.read(select(StepRun.outcome).where(StepRun.name == "split")))
        assert len(variants) == 2
        assert set(here.read(select(Run.state))) >= {"waiting", "done"}
        for sop in here.bot.knowledge.library:
            told = replayed(here, sop)
            assert (told.only_would, told.only_was) == ([], []), sop.name
            assert told.same == len(told.was) > 0, sop.name
