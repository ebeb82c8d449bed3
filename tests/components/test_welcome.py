"""send_welcome: in time, once, and with the name when it is known."""

from datetime import timedelta

from sqlmodel import select

from bot.model.tables import ExternalContact, FollowUser
from bot.sop.welcome import rendered_again
from bot.storage.work import Work
from tests.sops.town import HAO, MEI, START, ZHOU, Town

NAMED = "steps: [{do: send_welcome, text: \"你好 {{ contact.name | default('朋友') }},我是{{ staff.name }}\"}]\n"
WELCOME = "externalcontact/send_welcome_msg"


def profiled(town: Town) -> None:
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "profiled_at", START))


def test_a_welcome_has_twenty_seconds(town: Town) -> None:
    profiled(town)
    town.sop("contact/a", NAMED)
    town.added(code="abc")
    [call] = town.calls(WELCOME)
    assert call.body == {"welcome_code": "abc", "text": {"content": "你好 梅,我是周"}}
    assert (call.lane, call.deadline, call.follow) == ("instant", START + timedelta(seconds=20), True)
    assert call.dedupe_key == "welcome:zhou:wmMEI:abc"
    assert call.ready_at == START
    assert call.note["welcome"]["user_id"] == ZHOU


def test_a_text_that_needs_the_name_waits_eight_seconds_for_it(town: Town) -> None:
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "name", None))
    town.sop("contact/a", NAMED)
    town.added(code="abc")
    [call] = town.calls(WELCOME)
    assert call.body["text"]["content"] == "你好 朋友,我是周"
    assert call.ready_at == START + timedelta(seconds=8)
    mei = ExternalContact(id=MEI, name="梅", first_seen_at=START)
    again = rendered_again(call.note["welcome"], mei)
    assert again == {"welcome_code": "abc", "text": {"content": "你好 梅,我是周"}}


def test_a_text_without_the_name_leaves_at_once(town: Town) -> None:
    town.sop("contact/a", "steps: [{do: send_welcome, text: 你好}]\n")
    town.added()
    [call] = town.calls(WELCOME)
    assert call.ready_at == START
    assert rendered_again(call.note["welcome"], ExternalContact(first_seen_at=START)) is None


def test_nobody_is_greeted_twice_within_a_day(town: Town) -> None:
    def greet(work: Work) -> None:
        for follow in work.session.exec(select(FollowUser)):
            follow.greeted_at = START - timedelta(hours=23)

    town.work(greet)
    town.sop("contact/a", "steps: [{do: send_welcome, text: 你好}]\n")
    town.added()
    assert town.calls(WELCOME) == []
    assert town.suppressed("contact/a") == ["already greeted"]
    town.advance(timedelta(hours=2))
    town.added(HAO)
    assert len(town.calls(WELCOME)) == 1


def test_one_code_is_used_once_whoever_wants_to_greet(town: Town) -> None:
    town.sop("contact/a", "steps: [{do: send_welcome, text: 你好}]\n")
    town.sop("contact/b", "steps: [{do: send_welcome, text: 早上好}]\n")
    town.added()
    assert len(town.calls(WELCOME)) == 1
    assert town.suppressed("contact/b") == ["planned before"]


def test_attachments_stand_where_wecom_wants_them(town: Town) -> None:
    town.sop(
        "contact/a",
        """
steps:
  - do: send_welcome
    text: 你好
    attach:
      - image: a.png
      - link: {title: 好, url: "https://example.com/x"}
      - miniprogram: {title: 商城, appid: wx1, page: pages/index, pic: b.png}
      - file: price.pdf
""",
    )
    town.added()
    [call] = town.calls(WELCOME)
    assert call.body["attachments"] == [
        {"msgtype": "image", "image": {"media_id": {"$upload": "a.png", "media": "image"}}},
        {"msgtype": "link", "link": {"title": "好", "url": "https://example.com/x"}},
        {
            "msgtype": "miniprogram",
            "miniprogram": {
                "title": "商城",
                "appid": "wx1",
                "page": "pages/index",
                "pic_media_id": {"$upload": "b.png", "media": "image"},
            },
        },
        {"msgtype": "file", "file": {"media_id": {"$upload": "price.pdf", "media": "file"}}},
    ]
