"""Every trigger by its name: what happens at the platform begins a run, for every subject that it may be about."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.model.tables import CustomerGroup, FollowUser, Message
from bot.platforms.simulator.cast import CUSTOMER_GROUP
from bot.sop import lunar
from bot.storage.work import Work
from tests.catalogue.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")

NOTE = '  - {do: note, text: "{{ event.name }}"}'


# ── contacts ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("subject", ["contact", "staff"])
async def test_contact_added(stage: Stage, subject: str) -> None:
    await stage.sop(NOTE, subject=subject)
    await stage.add()
    assert stage.path(stage.mine(subject)) == ["note:done"]


@pytest.mark.parametrize("subject", ["contact", "staff"])
async def test_contact_half_added(stage: Stage, subject: str) -> None:
    await stage.sop(NOTE, trigger="contact.half_added", subject=subject)
    await stage.add(half=True)
    assert len(stage.runs(stage.mine(subject))) == 1
    await stage.wecom.accept("zhou", stage.person)
    await stage.settle()
    assert len(stage.runs(stage.mine(subject))) == 1


@pytest.mark.parametrize("subject", ["contact", "staff"])
async def test_contact_lost(stage: Stage, subject: str) -> None:
    await stage.add()
    await stage.sop(NOTE, trigger="contact.lost", subject=subject)
    await stage.wecom.unfollow(stage.person, "zhou")
    await stage.settle()
    assert stage.path(stage.mine(subject)) == ["note:done"]


@pytest.mark.parametrize("subject", ["contact", "staff"])
async def test_contact_removed(stage: Stage, subject: str) -> None:
    await stage.add()
    await stage.sop(NOTE, trigger="contact.removed", subject=subject)
    await stage.wecom.remove_contact("zhou", stage.person)
    await stage.settle()
    assert stage.path(stage.mine(subject)) == ["note:done"]


@pytest.mark.parametrize("subject", ["contact", "staff"])
async def test_contact_edited(stage: Stage, subject: str) -> None:
    await stage.add()
    await stage.sop(NOTE, trigger="contact.edited", subject=subject)
    await stage.wecom.edit_contact("zhou", stage.person, remark="老客")
    await stage.settle()
    assert stage.path(stage.mine(subject)) == ["note:done"]


# ── groups ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("subject", ["contact", "group"])
async def test_member_joined(stage: Stage, subject: str) -> None:
    await stage.sop(NOTE, trigger="member.joined", subject=subject)
    await stage.wecom.join(CUSTOMER_GROUP, stage.person)
    await stage.advance(seconds=5)
    assert stage.path(stage.mine(subject)) == ["note:done"]


@pytest.mark.parametrize("subject", ["contact", "group"])
async def test_member_left(stage: Stage, subject: str) -> None:
    await stage.wecom.join(CUSTOMER_GROUP, stage.person)
    await stage.advance(seconds=5)
    await stage.sop(NOTE, trigger="member.left", subject=subject)
    await stage.wecom.leave(CUSTOMER_GROUP, stage.person)
    await stage.advance(seconds=5)
    assert stage.path(stage.mine(subject)) == ["note:done"]


async def test_group_changed(stage: Stage) -> None:
    group = stage.wecom.add_group(f"{stage.person}群", "zhou", ["lin"])
    await stage.sop(
        '  - branch: [{name: change, when: {event.change: exists}, steps: [{do: note, text: "{{ group.name }}"}]}]\n'
        "    default: [{exit: nothing}]",
        trigger="group.changed",
        subject="group",
    )
    changes = [
        stage.wecom.create_group(group),
        stage.wecom.rename_group(group, "新名字"),
        stage.wecom.change_owner(group, "lin"),
        stage.wecom.change_notice(group, "公告"),
        stage.wecom.dismiss(group),
    ]
    for change in changes:
        await change
        await stage.advance(seconds=5)
    found = [step.verdicts[0]["found"] for run in stage.why(group.chat_id).runs for step in run.steps if step.verdicts]
    assert sorted(found) == ["create", "dismiss", "name", "notice", "owner"]


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("subject", ["contact", "group", "staff"])
async def test_message_received_from_the_archive(stage: Stage, subject: str) -> None:
    await stage.add()
    await stage.wecom.join(CUSTOMER_GROUP, stage.person)
    await stage.advance(seconds=5)
    about = {"contact": "contains: 多少钱", "group": "contains: 多少钱", "staff": "contains: 在的"}
    await stage.sop(
        NOTE, trigger="message.received", subject=subject, head=f"when: {{message.text: {{{about[subject]}}}}}"
    )
    await stage.wecom.say(stage.person, "口红多少钱", CUSTOMER_GROUP)
    await stage.wecom.say("zhou", "在的", to=stage.person)
    await stage.advance(seconds=30)
    assert stage.path(stage.mine(subject)) == ["note:done"]


KEYWORD = "when: {all: [{message.channel: {eq: %s}}, {message.text: {contains: 退货}}]}"


async def test_message_received_from_the_app(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="message.received", subject="staff", head=KEYWORD % "app")
    await stage.wecom.tell("zhou", "客户要退货")
    await stage.wecom.tell("zhou", "你好")
    await stage.settle()
    assert len(stage.runs("zhou")) == 1


async def test_message_received_from_customer_service(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="message.received", head=KEYWORD % "kf")
    await stage.wecom.write_kf(stage.person, "你好")
    await stage.settle()
    await stage.wecom.write_kf(stage.person, "我要退货")
    await stage.settle()
    assert len(stage.runs()) == 1


async def test_message_received_from_the_official_account(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="message.received", head=KEYWORD % "official")
    await stage.add()
    await stage.wecom.follow(stage.person)
    await stage.wecom.write(stage.person, "我要退货")
    await stage.settle()
    assert stage.path() == ["note:done"]


async def test_message_received_from_the_ai_bot(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="message.received", subject="staff", head=KEYWORD % "aibot")
    await stage.wecom.ask_aibot("zhou", "退货怎么办")
    await stage.wecom.ask_aibot("zhou", "/help")
    await stage.settle()
    assert len(stage.runs("zhou")) == 1


# ── staff ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_card_pressed(stage: Stage) -> None:
    await stage.do("{do: create_task, text: 请回访}")
    await stage.sop(NOTE, trigger="card.pressed", subject="staff", head="when: {event.button: {eq: done}}")
    await stage.press("zhou", "done")
    assert stage.path("zhou") == ["note:done"]


@pytest.mark.parametrize("subject", ["contact", "staff"])
async def test_staff_answered(stage: Stage, subject: str) -> None:
    await stage.do("{do: ask_staff, text: 要礼品吗, buttons: [要, 不要]}")
    await stage.sop(NOTE, trigger="staff.answered", subject=subject)
    await stage.press("zhou", "不要")
    assert stage.path(stage.mine(subject)) == ["note:done"]


# ── the official account ───────────────────────────────────────────────────────────────────────────────────────────


async def test_official_event(stage: Stage) -> None:
    stage.wecom.add_template("news", ["thing1"])
    await stage.add()
    await stage.sop(
        '  - {do: note, text: "{{ event.name }} {{ event.key }}"}', trigger="official.event", head="purpose: service"
    )
    await stage.wecom.follow(stage.person, scene="spring")
    await stage.settle()
    await stage.wecom.follow(stage.person, scene="autumn")
    await stage.wecom.click(stage.person, "offers")
    await stage.wecom.view(stage.person, "https://example.com")
    await stage.wecom.answer_popup(stage.person, "news")
    await stage.wecom.answer_popup(stage.person, "news", accepts=False)
    await stage.wecom.unfollow_official(stage.person)
    await stage.settle()
    assert sorted(stage.all_notes()) == [
        "click offers",
        "scan autumn",
        "subscribe spring",
        "subscription_accepted news",
        "subscription_refused news",
        "unsubscribe",
        "view https://example.com",
    ]


async def test_official_event_of_finished_jobs(stage: Stage) -> None:
    """Accepted is not delivered: how a notice went comes later, as an event."""
    stage.wecom.add_template("coupon2", ["thing1"])
    stage.wecom.consents(stage.open_id, "coupon2")
    values = '{thing1: 口红, character_string2: A-1, time3: "10:00"}'
    await stage.sop(
        f"  - {{do: send_official_template, template: order_update, values: {values}}}\n"
        "  - {do: send_official_subscription, template: coupon2, values: {thing1: 券}}",
        trigger="official.event",
        head="when: {event.name: {eq: subscribe}}",
    )
    await stage.sop(NOTE, trigger="official.event", head="when: {event.name: {ends_with: finished}}")
    await stage.wecom.follow(stage.person)
    await stage.settle()
    assert sorted(stage.all_notes()) == ["subscription_finished", "template_finished"]


# ── shops and sites ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_track_event(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="track.event", head="when: {event.name: {in: [page.viewed, miniprogram.opened]}}")
    await stage.track("page.viewed", {"url": "/p/1"})
    await stage.track("cart.added", {})
    assert stage.notes() == ["page.viewed"]


async def test_custom_event(stage: Stage) -> None:
    await stage.sop(
        '  - {do: note, text: "{{ event.amount }}"}',
        trigger="{event: order.paid}",
        head="when: {event.amount: {gte: 100}}",
    )
    await stage.track("order.paid", {"amount": 99})
    await stage.track("order.paid", {"amount": 128})
    assert stage.all_notes() == ["128"]


async def test_lead_qualified(stage: Stage) -> None:
    await stage.sop("  - {do: add_score, points: 60}")
    await stage.sop(NOTE, trigger="lead.qualified")
    await stage.add()
    assert stage.path() == ["note:done"]


async def test_segment_entered(stage: Stage) -> None:
    await stage.collects_points()
    await stage.sop(NOTE, trigger="{segment.entered: rich}")
    await stage.track("points.change", {"amount": 500})
    assert stage.path() == ["note:done"]


async def test_segment_exited(stage: Stage) -> None:
    await stage.collects_points()
    await stage.sop(NOTE, trigger="{segment.exited: rich}")
    await stage.track("points.change", {"amount": 500})
    assert stage.runs() == []
    await stage.track("points.change", {"amount": -300})
    assert stage.path() == ["note:done"]


# ── dates ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_date_by_cron(stage: Stage) -> None:
    await stage.sop(NOTE, trigger='{cron: "*/10 * * * *"}', head=await stage.only_me())
    await stage.advance(minutes=20)
    assert len(stage.runs()) == 2


async def test_date_by_interval(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="{interval: 30m}", subject="staff", head="when: {staff.name: {eq: 周}}")
    await stage.advance(minutes=60)
    assert len(stage.runs("zhou")) == 2


async def test_date_on_workdays_only(stage: Stage) -> None:
    await stage.sop(NOTE, trigger='{cron: "30 9 * * sat,sun,mon", workdays_only: true}', subject="group")
    assert (await stage.next_schedule()).astimezone(stage.zone).strftime("%a %H:%M") == "Mon 09:30"


async def test_birthday(stage: Stage) -> None:
    day = stage.next(8).date() + timedelta(days=7)
    trigger = '{birthday: -7d, at: "08:00"}'
    await stage.sop(NOTE, trigger=trigger, head=await stage.only_me(birthday=day.replace(year=1996)))
    await stage.daytime(8)
    assert stage.path() == ["note:done"]


async def test_lunar_birthday(stage: Stage) -> None:
    """Born on the day that the Chinese calendar has the day after."""
    day = stage.next(8).date() + timedelta(days=1)
    born = next(birth for birth in sorted(lunar.born_on(day)) if birth.year == 1996)
    trigger = '{lunar_birthday: -1d, at: "08:00"}'
    await stage.sop(NOTE, trigger=trigger, head=await stage.only_me(birthday=born))
    await stage.daytime(8)
    assert stage.path() == ["note:done"]


async def test_anniversary(stage: Stage) -> None:
    """Six years ago Zhou was added."""
    head, begun = await stage.only_me(), stage.next(8).replace(year=2020)

    def long_ago(work: Work) -> None:
        for follow in work.session.exec(select(FollowUser).where(FollowUser.contact_id == stage.contact_id)):
            follow.added_at = begun

    await stage.world.bot.store.work(long_ago)
    await stage.sop(NOTE, trigger='{anniversary: follow.first_added_at, at: "08:00"}', head=head)
    await stage.daytime(8)
    assert stage.path() == ["note:done"]


async def test_festival(stage: Stage) -> None:
    """New Year's Day, a day before."""
    await stage.sop(NOTE, trigger='{festival: 元旦, offset: -1d, at: "09:00"}', subject="group")
    due = await stage.next_schedule()
    assert f"{due.astimezone(stage.zone):%m-%d %H:%M}" == "12-31 09:00"


async def test_solar_term(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="{solar_term: 冬至}", subject="group")
    due = await stage.next_schedule()
    assert f"{due.astimezone(stage.zone):%m-%d %H:%M}" in ("12-21 09:00", "12-22 09:00")


# ── figures ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_metric_crossed_by_silence(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="{metric.crossed: silence, above: 30m}", head=await stage.only_me())
    await stage.speak("在吗")
    await stage.advance(minutes=25)
    assert stage.runs() == []
    await stage.advance(minutes=10)
    assert stage.notes() == ["silence"]
    await stage.advance(minutes=10)
    assert len(stage.runs()) == 1  # once, until they speak again


async def test_metric_crossed_by_a_silent_group(stage: Stage) -> None:
    await stage.sop(NOTE, trigger="{metric.crossed: silence, above: 20m}", subject="group")
    await stage.speak("在吗")
    await stage.advance(minutes=25)
    assert stage.notes(stage.wecom.group_of(CUSTOMER_GROUP).chat_id) == ["silence"]


@pytest.mark.parametrize("subject", ["contact", "group"])
async def test_metric_crossed_by_a_flood(stage: Stage, subject: str) -> None:
    await stage.advance(minutes=11)
    await stage.sop(NOTE, trigger="{metric.crossed: flood, above: 3, within: 10m}", subject=subject)
    for n in range(5):
        await stage.speak(f"{n}")
    assert stage.notes(stage.mine(subject)) == ["flood"]
    assert len(stage.runs(stage.mine(subject))) == 1


async def test_metric_crossed_by_an_overdue_task(stage: Stage) -> None:
    await stage.do("{do: create_task, text: 请回访, within: 20m}")
    await stage.sop(NOTE, trigger="{metric.crossed: overdue, above: 10m}", subject="staff")
    await stage.advance(minutes=25)
    assert stage.runs("zhou") == []
    await stage.advance(minutes=10)
    assert stage.notes("zhou") == ["overdue"]


async def test_metric_crossed_by_a_drop(stage: Stage) -> None:
    group = f"wr{stage.person}"
    await stage.sop(
        '  - {do: note, text: "{{ event.value }}"}', trigger="{metric.crossed: drop, above: 30%}", subject="group"
    )
    noon = stage.next(9).replace(hour=12) - timedelta(days=1)

    def write(work: Work) -> None:
        work.session.add(CustomerGroup(chat_id=group, name="另一个群"))
        for n, day in [(n, 7) for n in range(40)] + [(n, 0) for n in range(10)]:
            at = noon - timedelta(days=day, seconds=n)
            row = Message(message_id=f"{stage.person}:{day}:{n}", channel="archive", chat_id=group, sent_at=at)
            work.session.add(row)

    await stage.world.bot.store.work(write)
    await stage.daytime(9)
    assert stage.notes(group) == ["75.0"]
