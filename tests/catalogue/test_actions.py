"""Every action by its name: an SOP with it goes through the whole bot and ends at the platform, in the right words."""

import hashlib
import hmac
from datetime import timedelta

import orjson
import pytest
from sqlmodel import select

from bot.model.tables import Behaviour, ContactTag, Lead, Run, ScoreEntry
from bot.platforms.simulator.cast import CUSTOMER_GROUP, INTERNAL_GROUP
from bot.platforms.simulator.ids import openid
from tests.catalogue.outside import HOOK_SECRET, Outside
from tests.catalogue.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")

LINK = '{link: {title: 群规, url: "https://example.com/rules"}}'


# ── words to contacts ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_send_welcome(stage: Stage) -> None:
    step = f'{{do: send_welcome, text: "你好 {{{{ contact.name }}}}", attach: [{{image: welcome.png}}, {LINK}]}}'
    assert await stage.do(step) == "sent"
    [body] = stage.bodies("externalcontact/send_welcome_msg")
    assert body["text"] == {"content": "你好 梅"}
    [picture, link] = body["attachments"]
    assert picture["image"]["media_id"] in stage.wecom.corp.media
    assert link == {"msgtype": "link", "link": {"title": "群规", "url": "https://example.com/rules"}}


async def test_send_mass(stage: Stage) -> None:
    assert await stage.do(f"{{do: send_mass, text: 满减券, attach: [{LINK}]}}") == "sent"
    [body] = stage.bodies("externalcontact/add_msg_template")
    assert (body["chat_type"], body["sender"], body["external_userid"]) == ("single", "zhou", [stage.external_user_id])
    assert body["text"] == {"content": "满减券"}
    await stage.wecom.confirm("zhou", stage.wecom.mass_sends_of("zhou")[-1])
    await stage.advance(minutes=31)
    assert "confirmed_at" in stage.why().runs[0].steps[0].detail


async def test_remind_sender(stage: Stage) -> None:
    steps = "  - {id: offer, do: send_mass, text: 满减券}\n  - wait: 1h\n  - {do: remind_sender, of: offer}"
    await stage.sop(steps)
    await stage.add()
    await stage.advance(hours=1)
    [created] = stage.calls("externalcontact/add_msg_template")
    assert created.answer is not None
    assert {"msgid": created.answer["msgid"]} in stage.bodies("externalcontact/remind_groupmsg_send")


async def test_invite_to_group(stage: Stage) -> None:
    await stage.do('{do: invite_to_group, text: 来群里聊, title: 上海店, url: "https://work.weixin.qq.com/gm/1"}')
    [body] = stage.bodies("externalcontact/add_msg_template")
    link = {"title": "上海店", "url": "https://work.weixin.qq.com/gm/1"}
    assert body["attachments"] == [{"msgtype": "link", "link": link}]


async def test_send_kf_message(stage: Stage) -> None:
    step = f"{{do: send_kf_message, account: {stage.kf_account}, text: 已为您登记}}"
    await stage.sop(f"  - {step}", trigger="message.received", head="when: {message.channel: {eq: kf}}")
    await stage.wecom.write_kf(stage.person, "我要退货")
    await stage.settle()
    [body] = stage.bodies("kf/send_msg")
    assert (body["touser"], body["open_kfid"]) == (stage.external_user_id, stage.kf_account)
    assert (body["msgtype"], body["text"]) == ("text", {"content": "已为您登记"})


async def test_send_official(stage: Stage) -> None:
    await stage.followed("  - {do: send_official, text: 欢迎关注}")
    [body] = stage.bodies("official/message/custom/send")
    assert body == {"touser": stage.open_id, "msgtype": "text", "text": {"content": "欢迎关注"}}


async def test_send_official_template(stage: Stage) -> None:
    values = '{thing1: 口红, character_string2: A-1, time3: "2026-11-23 10:00"}'
    url = "https://example.com/o"
    await stage.followed(f'  - {{do: send_official_template, template: order_update, values: {values}, url: "{url}"}}')
    [body] = stage.bodies("official/message/template/send")
    assert (body["touser"], body["template_id"], body["url"]) == (stage.open_id, "order_update", url)
    assert body["data"]["thing1"] == {"value": "口红"}
    assert len(body["client_msg_id"]) == 32


async def test_send_official_mass(stage: Stage) -> None:
    other = f"{stage.person}b"
    for person in (stage.person, other):
        await stage.wecom.follow(person)
    await stage.settle()
    await stage.scheduled("  - {do: send_official_mass, text: 本月会员日}")
    [body] = stage.bodies("official/message/mass/send")
    assert {stage.open_id, openid(other)} <= set(body["touser"])
    assert (body["msgtype"], body["text"]) == ("text", {"content": "本月会员日"})


async def test_send_official_subscription(stage: Stage) -> None:
    stage.wecom.add_template("coupon", ["thing1"])
    step = "{do: send_official_subscription, template: coupon, values: {thing1: 满减券}}"
    accepted = "when: {event.name: {eq: subscription_accepted}}"
    await stage.sop(f"  - {step}", trigger="official.event", head=accepted)
    await stage.wecom.follow(stage.person)
    await stage.wecom.answer_popup(stage.person, "coupon")
    await stage.settle()
    [body] = stage.bodies("official/message/subscribe/bizsend")
    assert body == {"touser": stage.open_id, "template_id": "coupon", "data": {"thing1": {"value": "满减券"}}}


async def test_send_miniprogram_subscription(stage: Stage) -> None:
    stage.wecom.add_template("arrival", ["thing1", "time2"])
    stage.wecom.consents("oMini", "arrival")
    values = '{thing1: 口红, time2: "10:00"}'
    step = "do: send_miniprogram_subscription, template: arrival, to: oMini, page: pages/a"
    assert await stage.do(f"{{{step}, values: {values}}}") == "sent"
    [body] = stage.bodies("official/message/subscribe/send")
    assert (body["touser"], body["page"], body["data"]["time2"]) == ("oMini", "pages/a", {"value": "10:00"})


async def test_send_sms(stage: Stage, others: Outside) -> None:
    steps = '  - {do: send_sms, template: "1", values: {code: "{{ event.properties.code }}"}}'
    await stage.sop(steps, trigger="{event: coupon.received}", head="purpose: service")
    await stage.track("coupon.received", {"phone": "13800000000", "code": "8888"})
    headers, content = others.messages[-1]
    sent = orjson.loads(content)
    assert (sent["PhoneNumberSet"], sent["TemplateId"], sent["TemplateParamSet"]) == (["+8613800000000"], "1", ["8888"])
    assert headers["Authorization"].startswith("TC3-HMAC-SHA256 Credential=id/")


async def test_send_mail(stage: Stage, others: Outside) -> None:
    assert await stage.do("{do: send_mail, to: mei@example.com, subject: 周报, text: 你好}") == "sent"
    assert "To: mei@example.com" in others.letters[-1]
    assert "From: bot@example.com" in others.letters[-1]


async def test_reply_at_the_app(stage: Stage) -> None:
    await stage.sop("  - {do: reply, text: 收到}", trigger="message.received", subject="staff")
    await stage.wecom.tell("zhou", "今天谁值班")
    await stage.settle()
    assert {"touser": "zhou", "msgtype": "text", "text": {"content": "收到"}}.items() <= (
        stage.bodies("message/send")[-1].items()
    )


async def test_reply_at_customer_service(stage: Stage) -> None:
    await stage.sop("  - {do: reply, text: 您好}", trigger="message.received")
    await stage.wecom.write_kf(stage.person, "在吗")
    await stage.settle()
    [body] = stage.bodies("kf/send_msg")
    assert (body["touser"], body["text"]["content"]) == (stage.external_user_id, "您好")


async def test_reply_at_the_official_account(stage: Stage) -> None:
    await stage.sop("  - {do: reply, text: 您好}", trigger="message.received")
    await stage.wecom.follow(stage.person)
    await stage.wecom.write(stage.person, "在吗")
    await stage.settle()
    [body] = stage.bodies("official/message/custom/send")
    assert (body["touser"], body["text"]["content"]) == (stage.open_id, "您好")


@pytest.mark.parametrize("group", [None, INTERNAL_GROUP])
async def test_reply_at_the_ai_bot(stage: Stage, group: str | None) -> None:
    words = "when: {message.text: {eq: 库存}}"
    await stage.sop("  - {do: reply, text: '**3** 件'}", trigger="message.received", subject="staff", head=words)
    await stage.wecom.ask_aibot("zhou", "库存", group)
    await stage.settle()
    [body] = stage.bodies("aibot/response")
    assert body == {"msgtype": "markdown", "markdown": {"content": "**3** 件"}}


# ── words to groups and staff ──────────────────────────────────────────────────────────────────────────────────────


async def test_post_to_group(stage: Stage) -> None:
    """A customer group's owner taps; a webhook and a group of the app's own are spoken to at once."""
    own = await stage.appchat("门店群", ["lin", "zhou"])
    await stage.scheduled("  - {do: post_to_group, text: 晚上八点直播}", subject="group")
    [task] = stage.bodies("externalcontact/add_msg_template")
    assert (task["chat_type"], task["sender"]) == ("group", "zhou")
    assert task["chat_id_list"] == [stage.wecom.group_of(CUSTOMER_GROUP).chat_id]
    assert {"msgtype": "text", "text": {"content": "晚上八点直播"}} in stage.bodies("webhook/send")
    assert {"chatid": own, "msgtype": "text", "text": {"content": "晚上八点直播"}} in stage.bodies("appchat/send")


async def test_set_group_welcome(stage: Stage) -> None:
    step = f'{{do: set_group_welcome, text: "欢迎%NICKNAME% {stage.person}", attach: [{LINK}]}}'
    await stage.do(step)
    [body] = stage.bodies("externalcontact/group_welcome_template/add")
    assert body["text"] == {"content": f"欢迎%NICKNAME% {stage.person}"}
    assert (body["link"]["title"], body["notify"]) == ("群规", 1)


async def test_publish_moment(stage: Stage) -> None:
    await stage.scheduled(f"  - {{do: publish_moment, text: 上新, {LINK[1:-1]}, tags: [渠道/春季]}}", subject="staff")
    [body] = stage.bodies("externalcontact/add_moment_task")
    assert {"zhou", "lin"} <= set(body["visible_range"]["sender_list"]["user_list"])
    [tag] = body["visible_range"]["external_contact_list"]["tag_list"]
    assert stage.wecom.corp.tags[tag].name == "春季"
    assert body["attachments"][0]["link"]["url"] == "https://example.com/rules"


async def test_message_staff(stage: Stage) -> None:
    await stage.do('{do: message_staff, text: "{{ event.state }}", to: [event_staff, event_staff_managers]}')
    [body] = [one for one in stage.bodies("message/send") if one["msgtype"] == "text"]
    assert (body["touser"], body["text"]) == ("zhou|lin|boss", {"content": "spring"})


async def test_send_report(stage: Stage) -> None:
    await stage.scheduled("  - {do: send_report, period: week, to: role:manager}", subject="staff")
    words, picture = [one for one in stage.bodies("message/send") if one["msgtype"] in ("text", "image")]
    assert words["text"]["content"].startswith("社群周报 · ")
    assert picture["image"]["media_id"] in stage.wecom.corp.media
    assert words["touser"] == picture["touser"]


async def test_alert_staff(stage: Stage) -> None:
    """A lead: claimed by a button, and the card says so."""
    await stage.do("{do: alert_staff, text: 想买口红, to: [event_staff], lead: opportunity}")
    [body] = stage.cards()
    assert (body["touser"], body["template_card"]["card_type"]) == ("zhou", "button_interaction")
    assert "想买口红" in str(body["template_card"])
    await stage.press("zhou", "claim")
    [lead] = stage.world.read(select(Lead).where(Lead.contact_id == stage.contact_id))
    assert (lead.state, lead.owner) == ("claimed", "zhou")
    [update] = stage.bodies("message/update_template_card")
    assert update["response_code"]
    assert update["template_card"]["task_id"] == body["template_card"]["task_id"]


async def test_ask_staff(stage: Stage) -> None:
    steps = (
        "  - {do: ask_staff, text: 要礼品吗, buttons: [要, 不要]}\n"
        "  - wait_for: {event: staff.answered, within: 2h}\n"
        '    then: [{do: note, text: "{{ event.button }}"}]'
    )
    await stage.sop(steps)
    await stage.add()
    await stage.press("zhou", "要")
    assert stage.notes() == ["要"]
    assert len(stage.bodies("message/update_template_card")) == 1


async def test_create_task(stage: Stage) -> None:
    await stage.do("{do: create_task, text: 请回访, within: 2h}")
    [card] = stage.cards()
    assert "请回访" in str(card["template_card"])
    await stage.press("zhou", "done")
    [task] = stage.tasks()
    assert task.due_at == task.opened_at + timedelta(hours=2)
    assert task.done_at is not None


async def test_escalate(stage: Stage) -> None:
    await stage.do("{do: escalate, text: 投诉未处理, level: 2}")
    assert [task.user_id for task in stage.tasks()] == ["boss"]
    assert [card["touser"] for card in stage.cards()] == ["boss"]


# ── what is known of a contact ─────────────────────────────────────────────────────────────────────────────────────


async def test_add_tag(stage: Stage) -> None:
    await stage.do("{do: add_tag, tags: [渠道/春季, 自定/新客], expires: 30d, confidence: 0.8}")
    [body] = stage.bodies("externalcontact/mark_tag")
    assert (body["userid"], body["external_userid"]) == ("zhou", stage.external_user_id)
    assert stage.wecom.tags_of(stage.person, "zhou") == ["渠道/春季"]
    [tag] = stage.world.read(
        select(ContactTag).where(ContactTag.contact_id == stage.contact_id, ContactTag.name == "渠道/春季")
    )
    assert (tag.source, tag.rule, tag.confidence) == ("sop", f"sop:{stage.name}", 0.8)
    assert tag.expires_at == tag.added_at + timedelta(days=30)


async def test_remove_tag(stage: Stage) -> None:
    await stage.sop("  - {do: add_tag, tags: [意向/高]}\n  - wait: 1h\n  - {do: remove_tag, tags: [意向/高]}")
    await stage.add()
    assert stage.wecom.tags_of(stage.person) == ["意向/高"]
    await stage.advance(hours=1)
    assert stage.wecom.tags_of(stage.person) == []
    assert [list(body) for body in stage.bodies("externalcontact/mark_tag")][-1][-1] == "remove_tag"


async def test_set_remark(stage: Stage) -> None:
    await stage.do('{do: set_remark, remark: "{{ event.state }}-梅"}')
    [body] = stage.bodies("externalcontact/remark")
    assert body == {"userid": "zhou", "external_userid": stage.external_user_id, "remark": "spring-梅"}


async def test_set_field(stage: Stage) -> None:
    await stage.do('{do: set_field, field: channel, value: "{{ event.state }}"}')
    assert stage.world.contact(stage.person).fields == {"channel": "spring"}


async def test_add_points(stage: Stage) -> None:
    await stage.do("{do: add_points, points: 30, reason: 签到}")
    assert stage.world.contact(stage.person).points == 30
    given = select(Behaviour.name).where(Behaviour.contact_id == stage.contact_id, Behaviour.name == "points.given")
    assert stage.world.read(given) == ["points.given"]


async def test_add_score(stage: Stage) -> None:
    await stage.do("{do: add_score, points: 60, reason: 扫码}")
    entries = stage.world.read(select(ScoreEntry).where(ScoreEntry.contact_id == stage.contact_id))
    assert [(entry.points, entry.rule, entry.evidence) for entry in entries] == [(60, f"sop:{stage.name}", "扫码")]
    assert len(stage.cards()) == 1  # the line is crossed: a lead


async def test_create_lead(stage: Stage) -> None:
    await stage.do("{do: create_lead, reason: 问价}")
    [lead] = stage.world.read(select(Lead).where(Lead.contact_id == stage.contact_id))
    assert (lead.kind, lead.reason, lead.recipients) == ("opportunity", "问价", ["zhou", "lin", "boss"])


async def test_assign_lead(stage: Stage) -> None:
    await stage.sop("  - {do: create_lead, reason: 问价}\n  - {do: assign_lead, to: user:lin}")
    await stage.add()
    [lead] = stage.world.read(select(Lead).where(Lead.contact_id == stage.contact_id))
    assert (lead.state, lead.owner) == ("claimed", "lin")


async def test_transfer_contact(stage: Stage) -> None:
    assert await stage.do("{do: transfer_contact, to: user:lin, text: 以后由林为您服务}") == "sent"
    [body] = stage.bodies("externalcontact/transfer_customer")
    assert (body["handover_userid"], body["takeover_userid"]) == ("zhou", "lin")
    assert body["external_userid"] == [stage.external_user_id]
    assert body["transfer_success_msg"] == "以后由林为您服务"


# ── members of groups ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_warn_member(stage: Stage) -> None:
    await stage.misbehaved("  - {do: warn_member}")
    [body] = stage.bodies("message/send")
    assert body["touser"] == "zhou"
    assert "梅" in str(body)


async def test_ask_owner_to_remove(stage: Stage) -> None:
    await stage.misbehaved("  - {do: ask_owner_to_remove}")
    [card] = stage.cards()
    assert card["touser"] == "zhou"
    assert CUSTOMER_GROUP in str(card)


async def test_add_to_blocklist(stage: Stage) -> None:
    await stage.misbehaved("  - {do: add_to_blocklist}")
    assert "群规/黑名单" in stage.world.tags(stage.person)
    assert [card["touser"] for card in stage.cards()] == ["zhou"]


# ── others ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_call_webhook(stage: Stage, others: Outside) -> None:
    """Signed, and told again until the other side says yes."""
    others.refusals[:] = [503, 429]
    before = len(others.hooked)
    await stage.do('{do: call_webhook, hook: crm, values: {who: "{{ event.state }}"}}')
    await stage.advance(minutes=10)
    told = others.hooked[before:]
    assert len(told) == 3
    assert len({headers["X-Xiaoer-Delivery"] for headers, _body in told}) == 1
    headers, body = told[-1]
    signed = hmac.new(HOOK_SECRET.encode(), headers["X-Xiaoer-Timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["X-Xiaoer-Signature"] == f"sha256={signed.hexdigest()}"
    assert orjson.loads(body)["values"] == {"who": "spring"}
    assert stage.path() == ["call_webhook:sent"]


async def test_start_sop(stage: Stage) -> None:
    stage.write("contact/other.yaml", OTHER)
    await stage.do("{do: start_sop, sop: contact/other}")
    [run] = stage.world.read(select(Run).where(Run.sop == "contact/other", Run.subject == stage.key()))
    assert run.state == "waiting"


async def test_stop_sop(stage: Stage) -> None:
    stage.write("contact/other.yaml", OTHER)
    await stage.sop("  - {do: start_sop, sop: contact/other}\n  - wait: 1h\n  - {do: stop_sop, sop: contact/other}")
    await stage.add()
    await stage.advance(hours=1)
    [run] = stage.world.read(select(Run).where(Run.sop == "contact/other", Run.subject == stage.key()))
    assert (run.state, run.reason) == ("exited", f"stopped by sop:{stage.name}")


async def test_note(stage: Stage) -> None:
    await stage.do('{do: note, text: "{{ event.state }}"}')
    assert stage.notes() == ["spring"]


OTHER = """sop: contact/other
title: 另一个
subject: contact
trigger: {event: never.happens}
steps: [{wait: 7d}]
"""
