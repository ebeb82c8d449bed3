"""Actions that reach people by other ways, and those that ask staff, from YAML to rows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel import select

from bot.community import leads
from bot.model.events import CardPressed, Event, StaffAnswered
from bot.model.ids import UserId
from bot.model.tables import Alert, Behaviour, ContactTag, ExternalContact, Follower, InboxRow, Lead, StaffTask
from bot.sop import asks
from bot.storage.ledger import payloads
from bot.storage.work import Work
from tests.components.test_actions import do
from tests.sops.town import EXTERNAL, GROUP, LIN, MEI, OPEN, START, ZHOU, Town


def again(town: Town, step: str) -> str:
    """Do another step for Mei, a second later: at the same moment it would be the same event."""
    town.advance(timedelta(seconds=1))
    return do(town, step)


def in_group(town: Town, step: str) -> str:
    """Do one step when Mei says something in the group."""
    town.sop("contact/t", f"steps:\n  - {step}\n", trigger="message.received")
    town.says("加我微信", chat=GROUP)
    return town.path("contact/t")[-1].partition(":")[2]


def test_send_official_template_cuts_each_value_to_its_kind(town: Town) -> None:
    step = '{do: send_official_template, template: t1, values: {thing1: "%s", phrase2: "{{ contact.company }}"}}'
    assert do(town, step % ("好" * 30)) == "planned"
    [call] = town.calls("message/template/send")
    assert (call.platform, call.body["touser"]) == ("official", OPEN)
    assert call.body["data"] == {"thing1": {"value": "好" * 20}, "phrase2": {"value": "-"}}


def test_send_official_template_only_to_followers(town: Town) -> None:
    town.work(lambda work: setattr(work.session.get(Follower, 1), "unfollowed_at", START))
    assert do(town, "{do: send_official_template, template: t1, values: {thing1: a}}") == "suppressed"
    assert town.suppressed("contact/t") == ["does not follow the official account"]


def test_send_official_subscription(town: Town) -> None:
    assert do(town, "{do: send_official_subscription, template: s1, values: {time1: '20:00'}}") == "planned"
    [call] = town.calls("message/subscribe/bizsend")
    assert call.body == {"touser": OPEN, "template_id": "s1", "data": {"time1": {"value": "20:00"}}}


def test_send_miniprogram_subscription_needs_an_openid_there(town: Town) -> None:
    step = "{do: send_miniprogram_subscription, template: m1, page: pages/a, values: {thing1: a}}"
    assert do(town, step) == "suppressed"
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "fields", {"miniprogram_openid": "oMINI"}))
    assert again(town, step) == "planned"
    [call] = town.calls("message/subscribe/send")
    assert (call.platform, call.body["touser"], call.body["page"]) == ("miniprogram", "oMINI", "pages/a")


def test_send_kf_message(town: Town) -> None:
    assert do(town, '{do: send_kf_message, account: wk1, text: "你好{{ contact.name }}"}') == "planned"
    [call] = town.calls("kf/send_msg")
    assert call.body["open_kfid"] == "wk1"
    assert call.body["text"]["content"] == "你好梅"


def test_publish_moment_asks_all_staff_of_a_moment_at_once(town: Town) -> None:
    step = "steps: [{do: publish_moment, text: 上新, tags: [渠道/春季]}]\n"
    town.sop("staff/t", step, trigger="{cron: 0 9 * * *}", subject="staff")
    town.due("staff/t", START.replace(hour=1) + timedelta(days=1))
    [call] = town.calls("externalcontact/add_moment_task")
    assert sorted(call.body["visible_range"]["sender_list"]["user_list"]) == ["boss", "lin", "zhou"]
    assert call.body["visible_range"]["external_contact_list"] == {"tag_list": ["etSPRING"]}
    town.ended("sent")
    assert {town.path("staff/t", n)[0] for n in range(3)} == {"publish_moment:sent"}


def test_set_group_welcome_is_put_into_the_library_once(town: Town) -> None:
    step = '{do: set_group_welcome, text: "欢迎%NICKNAME%", attach: [{link: {title: 群规, url: "https://a.cn"}}]}'
    assert do(town, step) == "planned"
    town.added()
    [call] = town.calls("externalcontact/group_welcome_template/add")
    assert call.body["text"] == {"content": "欢迎%NICKNAME%"}
    assert call.body["link"]["title"] == "群规"
    assert call.body["notify"] == 1


def test_remind_sender_without_a_mass_send(town: Town) -> None:
    town.sop("contact/t", "steps: [{id: a, do: note, text: a}, {do: remind_sender, of: a}]\n")
    town.added()
    assert town.suppressed("contact/t") == ["no mass send to remind of"]


def press(town: Town, button: str, user: UserId = ZHOU) -> list[Event]:
    """Somebody presses a button of the newest card; returns the events that this recorded."""

    def answer(work: Work) -> bool:
        [*_others, alert] = work.session.exec(select(Alert)).all()
        pressed = CardPressed(at=town.clock.now(), user_id=user, task_id=alert.task_id, button=button)
        return asks.pressed(work, alert, pressed).done

    assert town.work(answer)
    return [payloads.read_event(row.kind, row.payload) for row in town.rows(InboxRow) if row.kind == StaffAnswered.kind]


ASK = """steps:
  - {do: ask_staff, text: "{{ contact.name }}要礼品吗", buttons: [要, 不要], to: [event_staff]}
  - wait_for: {event: staff.answered, within: 2h, where: {event.button: 要}}
    then: [{do: note, text: "{{ event.button }}"}]
    timeout: [{do: escalate, text: 没人回答, within: 1d}]
"""


def test_ask_staff_and_go_on_by_the_answer(town: Town) -> None:
    town.sop("contact/t", ASK)
    town.added()
    [card] = town.calls("message/send")
    assert [button["text"] for button in card.body["template_card"]["button_list"]] == ["要", "不要"]
    [answered] = press(town, "要")
    assert isinstance(answered, StaffAnswered)
    town.hear(answered, contact=answered.contact_id, user=answered.user_id)
    assert town.notes("contact/t") == ["要"]


def test_nobody_answers_and_the_manager_gets_a_task(town: Town) -> None:
    town.sop("contact/t", ASK)
    town.added()
    town.advance(timedelta(hours=3))
    [task] = town.rows(StaffTask)
    assert (task.user_id, task.text) == ("lin", "没人回答")
    assert task.due_at == START + timedelta(days=1, hours=2)


def test_escalate_goes_as_high_as_it_is_told(town: Town) -> None:
    do(town, "{do: escalate, text: 投诉, level: 2}")
    assert [task.user_id for task in town.rows(StaffTask)] == ["boss"]
    again(town, "{do: escalate, text: 再投诉, level: 5}")
    assert [task.user_id for task in town.rows(StaffTask)][-1] == "boss"


def test_add_points_never_below_nothing(town: Town) -> None:
    do(town, "{do: add_points, points: 30, reason: 签到}")
    again(town, "{do: add_points, points: -50}")
    [mei] = [contact for contact in town.rows(ExternalContact) if contact.id == MEI]
    assert mei.points == 0
    assert [(row.name, row.amount) for row in town.rows(Behaviour)] == [
        ("points.given", Decimal(30)),
        ("points.taken", Decimal(30)),
    ]


def test_assign_lead(town: Town) -> None:
    town.work(lambda work: leads.open_lead(work, MEI, kind="opportunity", reason="问价", to=["event_staff"]))
    assert do(town, "{do: assign_lead, to: user:lin}") == "done"
    [lead] = town.rows(Lead)
    assert (lead.state, lead.owner) == ("claimed", LIN)


def test_transfer_contact(town: Town) -> None:
    assert do(town, "{do: transfer_contact, to: user:lin, text: 以后由林为您服务}") == "planned"
    [call] = town.calls("externalcontact/transfer_customer")
    assert call.body["handover_userid"] == "zhou"
    assert call.body["takeover_userid"] == "lin"
    assert call.body["external_userid"] == [EXTERNAL[MEI]]
    assert again(town, "{do: transfer_contact, to: user:zhou}") == "suppressed"


def test_warn_member_asks_the_owner(town: Town) -> None:
    assert in_group(town, "{do: warn_member}") == "done"
    [call] = town.calls("message/send")
    assert (call.body["touser"], call.body["msgtype"]) == ("zhou", "template_card")
    assert "梅" in town.rows(StaffTask)[0].text
    [warned] = town.rows(Behaviour)
    assert (warned.name, warned.chat_id, warned.user_id) == ("warned", GROUP, "zhou")


def test_ask_owner_to_remove(town: Town) -> None:
    in_group(town, "{do: ask_owner_to_remove}")
    [task] = town.rows(StaffTask)
    assert (task.user_id, task.contact_id, task.chat_id) == ("zhou", MEI, GROUP)


def test_add_to_blocklist_tags_and_asks(town: Town) -> None:
    in_group(town, "{do: add_to_blocklist}")
    assert [tag.name for tag in town.rows(ContactTag)] == ["群规/黑名单"]
    assert len(town.rows(StaffTask)) == 1


@pytest.mark.parametrize("step", ["warn_member", "ask_owner_to_remove", "add_to_blocklist"])
def test_outside_a_group_there_is_no_member(town: Town, step: str) -> None:
    assert do(town, f"{{do: {step}}}") == "suppressed"
    assert town.suppressed("contact/t") == ["no member of a group"]


def test_call_webhook(town: Town) -> None:
    assert do(town, '{do: call_webhook, hook: crm, values: {who: "{{ contact.name }}"}}') == "planned"
    [call] = town.calls("crm")
    assert call.platform == "hooks"
    assert call.body["event"]["values"] == {"who": "梅"}
    assert call.body["event"]["external_userid"] == "wmMEI"
    assert call.body["delivery"] == call.dedupe_key.removesuffix(":hook")  # type: ignore[union-attr]


def test_send_sms_needs_a_number(town: Town) -> None:
    step = '{do: send_sms, template: SMS_1, to: "%s", values: {name: "{{ contact.name }}"}}'
    assert do(town, step % "{{ contact.fields.phone }}") == "suppressed"
    assert again(town, step % "13800000000") == "planned"
    [call] = town.calls("sms/send")
    assert (call.platform, call.lane) == ("sms", "bulk")
    assert (call.body["phone"], call.body["values"]) == ("13800000000", {"name": "梅"})


def test_send_mail_to_the_contact_or_whoever_is_named(town: Town) -> None:
    assert do(town, "{do: send_mail, subject: 周报, text: 你好}") == "suppressed"
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "email", "mei@example.com"))
    assert again(town, '{do: send_mail, subject: "周报\\n", text: "你好{{ contact.name }}"}') == "planned"
    [call] = town.calls("mail/send")
    assert (call.body["to"], call.body["subject"], call.body["text"]) == ("mei@example.com", "周报", "你好梅")


MASS = """steps: [{do: send_official_mass, text: 会员日}]
when: {contact.city: 上海}
"""


def test_a_mass_send_to_one_follower_goes_as_a_message_or_says_why_not(town: Town) -> None:
    """The platform refuses a mass send to one."""
    town.sop("contact/t", MASS, trigger='{cron: "0 11 * * *"}')
    at = START + timedelta(hours=1)
    town.clock.move_to(at)
    town.due("contact/t", at)
    [call] = town.calls("message/custom/send")
    assert call.body["touser"] == OPEN
    town.ended()
    assert town.path("contact/t") == ["send_official_mass:sent"]
    late = at + timedelta(days=3)
    town.clock.move_to(late)
    town.due("contact/t", late)
    assert town.path("contact/t") == ["send_official_mass:suppressed"]
    assert town.suppressed("contact/t") == ["only one follower"]
    town.add(
        ExternalContact(id=9, external_user_id="wm9", city="上海", first_seen_at=START),
        Follower(app_id="wxapp", open_id="o9", contact_id=9, followed_at=START, changed_at=START),
    )
    later = late + timedelta(days=1)
    town.clock.move_to(later)
    town.due("contact/t", later)
    [mass] = town.calls("message/mass/send")
    assert mass.body["touser"] == [OPEN, "o9"]
