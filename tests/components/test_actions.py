"""Every other action, from YAML to rows."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.model.events import MessageReceived
from bot.model.ids import UserId
from bot.model.tables import Alert, ContactTag, ExternalContact, Follower, FollowUser, Lead, ScoreEntry, StaffTask
from bot.storage.queries import contacts
from bot.storage.work import Work
from tests.sops.town import EXTERNAL, GROUP, HAO, LIN, MEI, OPEN, START, ZHOU, Town


def do(town: Town, step: str, *, trigger: str = "contact.added") -> str:
    """Do one step for Mei; returns what came of it."""
    town.sop("contact/t", f"steps:\n  - {step}\n", trigger=trigger)
    if trigger == "contact.added":
        town.added()
    return town.path("contact/t")[-1].partition(":")[2] if town.runs("contact/t") else ""


def test_add_and_remove_tag(town: Town) -> None:
    assert do(town, "{do: add_tag, tags: [渠道/春季, 兴趣/口红], expires: 30d}") == "done"
    tags = {tag.name: tag for tag in town.rows(ContactTag)}
    assert set(tags) == {"渠道/春季", "兴趣/口红"}
    assert (tags["渠道/春季"].source, tags["渠道/春季"].rule) == ("sop", "sop:contact/t")
    assert tags["渠道/春季"].expires_at == START + timedelta(days=30)
    [mark] = town.calls("externalcontact/mark_tag")
    assert mark.body["add_tag"] == ["etSPRING"]
    town.sop("contact/u", "steps: [{do: remove_tag, tags: [渠道/春季]}]\n", trigger="message.received")
    town.says("x")
    assert [tag.name for tag in town.rows(ContactTag) if tag.removed_at is None] == ["兴趣/口红"]


def test_add_score_counts_once_per_step(town: Town) -> None:
    assert do(town, "{do: add_score, points: 20, reason: 扫码}") == "done"
    [entry] = town.rows(ScoreEntry)
    assert (entry.points, entry.evidence) == (20, "扫码")
    mei = town.work(lambda work: contacts.by_id(work.session, MEI))
    assert mei is not None
    assert mei.lead_score == 20


def test_set_remark(town: Town) -> None:
    assert do(town, '{do: set_remark, remark: "春季-{{ contact.name }}"}') == "planned"
    [call] = town.calls("externalcontact/remark")
    assert call.body == {"userid": "zhou", "external_userid": "wmMEI", "remark": "春季-梅"}
    assert town.rows(FollowUser)[0].remark == "春季-梅"


def test_set_field(town: Town) -> None:
    do(town, '{do: set_field, field: channel, value: "{{ event.state }}"}')
    [mei] = [contact for contact in town.rows(ExternalContact) if contact.id == MEI]
    assert mei.fields == {"channel": "spring-1"}


def test_create_lead_and_alert_staff(town: Town) -> None:
    do(town, "{do: create_lead, kind: opportunity, reason: 问价}")
    [lead] = town.rows(Lead)
    assert (lead.kind, lead.reason, lead.recipients) == ("opportunity", "问价", ["zhou", "lin", "boss"])
    town.sop("contact/u", "steps: [{do: alert_staff, text: 注意, to: event_staff_managers}]\n")
    town.added(HAO)
    assert town.path("contact/u") == ["alert_staff:done"]


def test_alert_staff_as_a_lead_has_a_card(town: Town) -> None:
    do(town, "{do: alert_staff, text: 有意向, to: [event_staff], lead: opportunity}")
    [lead] = town.rows(Lead)
    assert lead.recipients == ["zhou"]
    assert town.work(lambda work: len(work.session.exec(select(Alert)).all())) == 1


def test_create_task(town: Town) -> None:
    do(town, '{do: create_task, text: "请联系{{ contact.name }}", within: 2h}')
    [task] = town.rows(StaffTask)
    assert (task.user_id, task.text, task.reason) == ("zhou", "请联系梅", "sop:contact/t")
    assert task.due_at == START + timedelta(hours=2)


def test_message_staff(town: Town) -> None:
    do(town, '{do: message_staff, text: "{{ contact.name }}来了", to: [event_staff, event_staff_managers]}')
    [call] = town.calls("message/send")
    assert call.body["touser"].split("|") == ["zhou", "lin", "boss"]
    assert call.body["text"]["content"] == "梅来了"


def test_send_mass_asks_the_staff_member(town: Town) -> None:
    assert do(town, "{do: send_mass, text: 上新, attach: [{image: welcome.png}]}") == "planned"
    [call] = town.calls("externalcontact/add_msg_template")
    assert (call.body["sender"], call.body["external_userid"]) == ("zhou", ["wmMEI"])
    town.ended("failed", errcode=41048, reason="nobody to send to")
    assert town.path("contact/t") == ["send_mass:failed"]


def test_invite_to_group(town: Town) -> None:
    assert do(town, "{do: invite_to_group, text: 来群里, url: 'https://work.weixin.qq.com/gm/1'}") == "planned"
    [call] = town.calls("externalcontact/add_msg_template")
    assert call.body["attachments"][0]["link"]["title"] == "加入群聊"


def test_note(town: Town) -> None:
    assert do(town, '{do: note, text: "{{ contact.city }}"}') == "done"
    assert town.notes("contact/t") == ["上海"]


def test_send_official_within_two_days_of_the_last_act(town: Town) -> None:
    assert do(town, "{do: send_official, text: 你好}") == "planned"
    [call] = town.calls("message/custom/send")
    assert (call.platform, call.body["touser"]) == ("official", OPEN)
    town.advance(timedelta(days=3))
    assert do(town, "{do: send_official, text: 你好}") == "suppressed"
    assert town.suppressed("contact/t") == ["silent for more than 48 hours"]


def test_send_official_only_to_followers(town: Town) -> None:
    town.work(lambda work: setattr(work.session.get(Follower, 1), "unfollowed_at", START))
    assert do(town, "{do: send_official, text: 你好}") == "suppressed"


REPLY = "{do: reply, text: 收到}"


def test_reply_by_the_way_the_message_came(town: Town) -> None:
    do(town, REPLY, trigger="message.received")
    town.says("在吗", channel="official")
    assert [call.body["touser"] for call in town.calls("message/custom/send")] == [OPEN]
    town.says("在吗", chat=GROUP)
    assert town.suppressed("contact/t") == ["no way to answer there"]
    kf = MessageReceived(
        at=town.clock.now(),
        channel="kf",
        message_id="kf1",
        text="在吗",
        external_user_id=EXTERNAL[MEI],
        content={"open_kfid": "wk1"},
    )
    town.hear(kf, user=None)
    [call] = town.calls("kf/send_msg")
    assert (call.body["touser"], call.body["open_kfid"]) == ("wmMEI", "wk1")


def test_reply_to_staff_in_the_app(town: Town) -> None:
    town.sop("staff/t", f"steps:\n  - {REPLY}\n", trigger="message.received", subject="staff")
    event = MessageReceived(at=town.clock.now(), channel="app", message_id="a1", text="hi", user_id=UserId("lin"))
    town.hear(event, contact=None, user=LIN)
    [call] = town.calls("message/send")
    assert call.body["touser"] == "lin"


@pytest.mark.parametrize("step", ["send_mass, text: a", "set_remark, remark: a"])
def test_without_anybody_who_follows_nothing_is_sent(town: Town, step: str) -> None:
    def lose(work: Work) -> None:
        for follow in work.session.exec(select(FollowUser)):
            follow.status = "lost"

    town.work(lose)
    town.sop("contact/t", f"steps: [{{do: {step}}}]\n", trigger="message.received")
    town.says("hi")
    assert town.suppressed("contact/t") == ["nobody follows this contact"]


def test_a_step_that_fails_takes_back_what_it_did(town: Town) -> None:
    town.sop("contact/t", 'steps: [{do: note, text: "{{ contact.name | round }}"}, {do: note, text: b}]\n')
    town.added(user=ZHOU)
    assert town.path("contact/t") == ["note:failed", "note:done"]
