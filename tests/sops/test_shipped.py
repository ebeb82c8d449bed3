"""Every SOP that is shipped, walked along each of its ways."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import i18n
from bot.model.events import ContactLost, MemberJoined, Tracked
from bot.model.tables import Behaviour, ContactTag, CustomerGroup, ExternalContact, GroupMember, Lead, StaffTask
from bot.settings import HOUSE
from bot.sop import segments, template
from bot.sop.library import load
from bot.sop.publish import publish
from bot.sop.schema import Do, spelled, walk
from bot.sop.scope import SHANGHAI, Scope
from tests.sops.town import EXTERNAL, GROUP, HAO, MEI, START, ZHOU, Town

WELCOME, SPRING = "contact/welcome", "contact/spring"
DAY = timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Town]:
    """The town with what is shipped."""
    i18n.use("en")
    town = Town(tmp_path)
    library, findings = load(HOUSE / "sops")
    assert findings == []
    town.library = town.work(lambda work: publish(work, library))
    yield town
    town.close()
    i18n.use(i18n.DEFAULT)


def test_whoever_comes_without_a_campaign_gets_the_ordinary_welcome(shop: Town) -> None:
    shop.added(HAO, state="")
    assert shop.path(WELCOME) == ["send_welcome:planned", "note:done"]
    [call] = shop.calls("externalcontact/send_welcome_msg")
    assert call.body["attachments"] == [
        {"msgtype": "image", "image": {"media_id": {"$upload": "welcome.png", "media": "image"}}}
    ]
    assert shop.suppressed(SPRING) == ["when"]


def test_in_spring_one_welcome_leaves_and_the_other_gives_way(shop: Town) -> None:
    shop.added()
    assert shop.path(SPRING) == ["send_welcome:planned", "add_tag:done", "wait:waiting"]
    assert shop.suppressed(WELCOME) == ["mutex"]
    assert len(shop.calls("externalcontact/send_welcome_msg")) == 1
    assert [tag.name for tag in shop.rows(ContactTag)] == ["渠道/春季"]


def test_our_own_people_are_not_part_of_the_campaign(shop: Town) -> None:
    shop.add(ContactTag(contact_id=MEI, name="内部/员工", source="staff", added_at=START))
    shop.added()
    assert shop.runs(SPRING) == []
    assert len(shop.runs(WELCOME)) == 1


def test_spring_with_a_phone_and_an_answer(shop: Town) -> None:
    shop.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "phone_hash", "h"))
    shop.added()
    shop.advance(timedelta(minutes=10))
    assert [lead.kind for lead in shop.rows(Lead)] == ["opportunity"]
    shop.says("我想要口红")
    assert shop.path(SPRING)[3:] == [
        "if:then",
        "alert_staff:done",
        "wait_until:passed",
        f"split:{shop.runs(SPRING)[0].variant['5']}",
        "send_mass:planned",
        "wait_for:then",
        "add_score:done",
        "goal:reached",
    ]
    assert shop.runs(SPRING)[0].reason == "goal"


def test_spring_at_night_without_an_answer(shop: Town) -> None:
    shop.clock.move_to(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    shop.added()
    shop.advance(timedelta(hours=1))
    assert shop.path(SPRING)[-1] == "wait_until:waiting"
    shop.advance(2 * DAY)
    assert shop.path(SPRING)[3:5] == ["if:else", "note:done"]
    assert shop.path(SPRING)[-2:] == ["wait_for:timeout", "create_task:done"]
    assert [task.user_id for task in shop.rows(StaffTask)] == ["zhou"]


def test_both_variants_of_spring_are_walked(shop: Town) -> None:
    variants = set()
    for n in range(10, 22):
        shop.add(ExternalContact(id=n, external_user_id=f"wm{n}", first_seen_at=START))
        EXTERNAL.setdefault(n, f"wm{n}")  # type: ignore[arg-type]
        shop.added(n, code=f"code{n}")  # type: ignore[arg-type]
    shop.advance(timedelta(minutes=11))
    for run in shop.runs(SPRING):
        variants |= set(run.variant.values())
    assert variants == {"满减", "折扣"}


def test_an_order_within_seven_days_is_the_goal(shop: Town) -> None:
    shop.added()
    shop.hear(Tracked(at=shop.clock.now(), name="order.paid", event_id="1", external_user_id=EXTERNAL[MEI]))
    assert shop.runs(SPRING)[0].state == "done"


@pytest.mark.parametrize("paid", [True, False])
def test_a_contact_who_leaves_is_told_of(shop: Town, paid: bool) -> None:
    if paid:
        shop.add(Behaviour(contact_id=MEI, name="order.paid", at=START - DAY))
    shop.hear(ContactLost(at=shop.clock.now(), user_id=ZHOU, external_user_id=EXTERNAL[MEI]))
    way = ["if:then", "create_task:done"] if paid else ["if:else", "note:done"]
    assert shop.path("contact/loss") == ["alert_staff:done", "add_tag:done", *way]
    [lead] = shop.rows(Lead)
    assert lead.recipients == ["zhou", "lin", "boss"]


@pytest.mark.parametrize(
    ("scene", "way", "words"), [("store-1", "门店", "会员"), ("poster", "活动", "规则"), ("", "default", "价格")]
)
def test_a_new_follower_is_answered_by_how_they_came(shop: Town, scene: str, way: str, words: str) -> None:
    shop.official("subscribe", scene)
    assert shop.path("contact/official")[:3] == ["add_tag:done", f"branch:{way}", "send_official:planned"]
    [call] = shop.calls("message/custom/send")
    assert words in call.body["text"]["content"]


def test_a_follower_who_clicks_and_one_who_does_not(shop: Town) -> None:
    shop.official("subscribe")
    shop.official("scan", "poster")
    assert shop.path("contact/official")[-1] == "wait_for:waiting"
    shop.official("click", "menu")
    assert shop.path("contact/official")[-2:] == ["wait_for:then", "add_score:done"]
    shop.advance(8 * DAY)
    shop.official("subscribe")
    shop.advance(DAY)
    assert shop.path("contact/official")[-2:] == ["wait_for:timeout", "exit:exited"]


def test_a_complaint_in_a_group_and_one_alone(shop: Town) -> None:
    shop.says("什么时候能发货呀", chat=GROUP)
    assert shop.path("contact/refund") == ["add_tag:done", "if:then", "alert_staff:done"]
    shop.says("我要退款", HAO)
    assert shop.path("contact/refund") == ["add_tag:done", "if:else", "create_task:done"]
    shop.says("我要退款", HAO)
    assert len(shop.runs("contact/refund")) == 2
    shop.says("早上好", HAO)
    assert len(shop.runs("contact/refund")) == 2


def test_the_evening_post_goes_to_the_layers_it_is_for(shop: Town) -> None:
    shop.add(CustomerGroup(chat_id="wr2", name="Two", owner="zhou", layer="traffic"))
    at = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
    shop.clock.move_to(at)
    shop.due("group/evening", at)
    assert [run.subject for run in shop.runs("group/evening")] == [f"group:{GROUP}"]
    assert shop.path("group/evening") == ["post_to_group:done"]


@pytest.mark.parametrize(("members", "way"), [(1, ["if:else", "note:done"]), (180, ["if:then", "message_staff:done"])])
def test_the_owner_hears_who_came_into_the_group(shop: Town, members: int, way: list[str]) -> None:
    def fill(work: Any) -> None:
        for n in range(100, 100 + members):
            work.session.add(ExternalContact(id=n, external_user_id=f"wm{n}", first_seen_at=START))
        work.session.flush()
        for n in range(100, 100 + members):
            member = GroupMember(chat_id=GROUP, member_id=f"wm{n}", contact_id=n, joined_at=START, changed_at=START)
            work.session.add(member)

    shop.work(fill)
    shop.hear(MemberJoined(at=shop.clock.now(), chat_id=GROUP, contact_id=HAO), contact=HAO, chat=GROUP, user=None)
    assert shop.path("group/joined") == ["add_tag:done", *way, "wait_until:passed", "message_staff:done"]
    assert shop.calls("message/send")[-1].body["touser"] == "zhou"
    assert "浩" in shop.calls("message/send")[-1].body["text"]["content"]


def test_on_monday_staff_with_open_tasks_are_reminded(shop: Town) -> None:
    shop.add(StaffTask(user_id="zhou", text="call Mei", opened_at=START))
    at = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
    shop.clock.move_to(at)
    shop.due("staff/monday", at)
    assert [run.subject for run in shop.runs("staff/monday")] == ["staff:zhou"]
    assert [call.body["touser"] for call in shop.calls("message/send")] == ["zhou"]


def test_on_monday_leaders_get_the_report_itself(shop: Town) -> None:
    at = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
    shop.clock.move_to(at)
    shop.due("staff/weekly_report", at)
    sent = [(call.body["touser"], call.body["msgtype"]) for call in shop.calls("message/send")]
    assert sorted(sent) == [(user, kind) for user in ("boss", "lin") for kind in ("image", "text")]
    words = {call.body["text"]["content"] for call in shop.calls("message/send") if "text" in call.body}
    assert [text.partition("\n")[0] for text in words] == ["社群周报 · 2026-03-02 至 2026-03-08"]


@pytest.mark.parametrize("hour", [0, 5, 14, 20, 21, 23])
def test_a_newcomer_gets_three_touches_within_48_hours_whenever_they_come(shop: Town, hour: int) -> None:
    came = datetime(2026, 3, 2, hour, 50, tzinfo=SHANGHAI).astimezone(UTC)
    shop.clock.move_to(came)
    shop.added(state="new-1")
    shop.advance(3 * DAY)
    sent = [row.planned_at for row in shop.calls("externalcontact/add_msg_template")]
    assert len(sent) == 3
    assert max(sent) - came <= 2 * DAY
    assert all(9 <= at.astimezone(SHANGHAI).hour < 22 for at in sent)


@pytest.mark.parametrize("hour", [0, 5, 13, 14, 21, 23])
def test_the_benefit_comes_within_24_hours_of_joining_a_group(shop: Town, hour: int) -> None:
    came = datetime(2026, 3, 2, hour, 20, tzinfo=SHANGHAI).astimezone(UTC)
    shop.clock.move_to(came)
    shop.work(lambda work: setattr(work.session.get(CustomerGroup, GROUP), "tags", ["运营/三层欢迎"]))
    shop.hear(MemberJoined(at=came, chat_id=GROUP, contact_id=MEI), chat=GROUP)
    assert "群规" in shop.calls("message/send")[0].body["text"]["content"]
    shop.advance(2 * DAY)
    greeting, benefit = shop.calls("externalcontact/add_msg_template")
    assert "欢迎进群" in greeting.body["text"]["content"]
    assert "首单立减" in benefit.body["text"]["content"]
    assert timedelta(hours=4) < benefit.planned_at - came <= DAY


def test_every_step_of_every_sop_is_in_one_of_these_walks() -> None:
    """A reminder: whoever changes one of these changes its walk here. The others are walked in `test_simulate`."""
    library, _findings = load(HOUSE / "sops")
    counted = {str(sop.name): len({spelled(position) for position, _step in walk(sop.steps)}) for sop in library}
    expected = {
        "contact/loss": 5,
        "contact/official": 8,
        "contact/refund": 4,
        "contact/spring": 14,
        "contact/welcome": 2,
        "group/evening": 1,
        "group/joined": 6,
        "staff/monday": 1,
    }
    assert {name: counted[name] for name in expected} == expected


def test_whoever_has_points_that_run_out_is_told_if_in_reach(shop: Town) -> None:
    shop.work(lambda work: setattr(work.session.get(ExternalContact, HAO), "marketing_consent", False))
    for contact in (MEI, HAO):
        about = {"points": 70, "expires_at": (START + 30 * DAY).isoformat()}
        shop.hear(Tracked(at=START, name="points.expiring", event_id=f"p{contact}", properties=about), contact=contact)
    shop.advance(DAY)
    [call] = shop.calls("externalcontact/add_msg_template")
    assert "70 积分" in call.body["text"]["content"]
    assert shop.suppressed("contact/points_expiring") == ["consent"]


def said(value: Any) -> Iterator[str]:
    """Every text below a value."""
    if isinstance(value, str):
        yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from said(below)


def test_every_text_reads_well_before_the_name_is_known() -> None:
    """Right after contact.added only WeCom knows it; a text that leaves then says its `default`."""
    library, _findings = load(HOUSE / "sops")
    params = [
        step.params.model_dump(mode="json") for sop in library for _at, step in walk(sop.steps) if isinstance(step, Do)
    ]
    named = [text for one in params for text in said(one) if "contact.name" in text]
    assert len(named) > 10
    for text in named:
        told, nameless = (template.render(text, {"contact": {"name": name}}) for name in ("梅", None))
        assert told.count("梅") == text.count("contact.name"), text
        assert len(nameless) > len(told.replace("梅", "")), text


def members(shop: Town, name: str) -> list[object]:
    """Who is in a segment that is shipped, now."""
    segment = shop.library.segments[name]
    scope = Scope(subject=segment.subject, now=shop.clock.now(), zone=SHANGHAI)
    return shop.work(lambda work: segments.members(work.session, segment.who, scope))


def did(shop: Town, contact: int, name: str, *days_ago: int) -> None:
    shop.add(*(Behaviour(contact_id=contact, name=name, at=shop.clock.now() - day * DAY) for day in days_ago))


def newcomer(shop: Town, number: int) -> int:
    shop.add(ExternalContact(id=number, external_user_id=f"wm{number}", activity_score=60, first_seen_at=START))
    return number


def test_churn_is_half_the_orders_of_the_month_before_however_many(shop: Town) -> None:
    for number, (before, lately) in enumerate([(20, 10), (2, 1), (2, 0), (20, 11), (1, 0)], 10):
        did(shop, newcomer(shop, number), "order.paid", *[5] * lately, *[40] * before, 70)
    assert members(shop, "churn_risk") == [10, 11, 12]


def test_whoever_contributes_is_active_and_buys_may_become_a_koc(shop: Town) -> None:
    acts = {"friend.invited": [50], "spoke_in_group": list(range(1, 9)), "order.paid": [2, 40, 80]}
    for number, missing in enumerate(["", *acts], 10):
        shop.add(
            GroupMember(
                chat_id=GROUP,
                member_id=f"wm{number}",
                contact_id=newcomer(shop, number),
                joined_at=START,
                changed_at=START,
            )
        )
        for name in set(acts) - {missing}:
            did(shop, number, name, *acts[name])
    assert members(shop, "koc") == [10]
    shop.work(lambda work: setattr(work.session.get(ExternalContact, 10), "activity_score", 0))
    assert members(shop, "koc") == []
