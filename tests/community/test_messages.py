"""What people write and do, written down once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.community import contacts, messages
from bot.community.rules import Reading
from bot.model.events import ContactAdded, ContactLost, MessageReceived, MessageRevoked, Tracked
from bot.model.ids import ExternalUserId, OpenId
from bot.model.tables import Behaviour, ExternalContact, Message
from bot.platforms.wecom import archive
from handlers import contacts as handlers
from tests.community.people import EXTERNAL, GROUP, HAO, MEI, START, ZHOU, Community


def received(**what: Any) -> MessageReceived:
    told: dict[str, Any] = {"at": START, "channel": "archive", "message_id": "m", "text": "好的"}
    return MessageReceived(**told | what)


def test_a_message_is_kept_once(community: Community) -> None:
    community.say("你好", message_id="one")
    community.say("你好", message_id="one")
    [kept] = community.rows(Message)
    assert (kept.contact_id, kept.chat_id, kept.text) == (MEI, GROUP, "你好")


def test_staff_messages_are_kept_but_are_no_behaviour_of_a_contact(community: Community) -> None:
    community.handle(received(user_id=ZHOU, chat_id=GROUP))
    [kept] = community.rows(Message)
    assert (kept.user_id, kept.contact_id) == ("zhou", None)
    assert community.rows(Behaviour) == []


def test_a_stranger_becomes_a_contact(community: Community) -> None:
    community.handle(received(external_user_id=ExternalUserId("wmNEW"), chat_id=GROUP))
    assert "wmNEW" in [contact.external_user_id for contact in community.rows(ExternalContact)]


def test_an_unknown_follower_is_left_to_the_official_account(community: Community) -> None:
    community.handle(received(open_id=OpenId("oX"), channel="official", text="口红怎么买"))
    assert community.rows(Behaviour) == []


def test_a_revoked_message_loses_its_words(community: Community) -> None:
    community.say("说错了", message_id="one")
    community.handle(MessageRevoked(at=START, message_id="one"))
    community.handle(MessageRevoked(at=START, message_id="unknown"))
    [kept] = community.rows(Message)
    assert (kept.text, kept.kind) == ("", "revoked")


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ({"chat_id": GROUP}, ["spoke_in_group"]),
        ({"to": ZHOU}, ["spoke_to_staff"]),
        ({"to": ZHOU, "message_kind": "image", "text": ""}, ["spoke_to_staff", "sent_image"]),
        ({"chat_id": GROUP, "message_kind": "weapp", "text": ""}, ["spoke_in_group", "sent_miniprogram"]),
        ({"chat_id": GROUP, "message_kind": "external_redpacket"}, ["spoke_in_group", "sent_red_packet"]),
        ({"chat_id": GROUP, "text": "@小二 在"}, ["spoke_in_group", "mentioned_bot"]),
        ({"chat_id": GROUP, "text": "怎么用？"}, ["spoke_in_group", "asked_question"]),
        ({"chat_id": GROUP, "message_kind": "unheard_of", "text": ""}, ["spoke_in_group"]),
        ({}, []),
    ],
)
def test_what_a_message_shows_about_its_writer(what: dict[str, Any], names: list[str]) -> None:
    assert list(messages.behaviours(received(**what), Reading())) == names


def test_a_reported_order_is_a_behaviour_with_an_amount(community: Community) -> None:
    order = Tracked(
        at=START - timedelta(days=1),
        name="order.paid",
        event_id="o1",
        external_user_id=EXTERNAL[MEI],
        properties={"amount": 12.5, "items": ["a"]},
    )
    community.handle(order)
    community.handle(order)
    [paid] = community.rows(Behaviour)
    assert (paid.name, paid.amount, paid.at) == ("order.paid", Decimal("12.5"), START - timedelta(days=1))


@pytest.mark.parametrize("amount", ["free", None, [], "NaN", "1e30"])
def test_an_amount_that_is_none_is_left_out(community: Community, amount: object) -> None:
    event = Tracked(
        at=START, name="order.paid", event_id="o1", external_user_id=EXTERNAL[MEI], properties={"amount": amount}
    )
    community.handle(event)
    assert community.rows(Behaviour)[0].amount is None


def test_a_behaviour_of_nobody_we_know_is_left_out(community: Community) -> None:
    community.handle(Tracked(at=START, name="order.paid", event_id="o1", union_id="u-unknown"))
    assert community.rows(Behaviour) == []


def replies(community: Community) -> list[tuple[int, str | None, Decimal | None]]:
    return [(row.contact_id, row.user_id, row.amount) for row in community.rows(Behaviour) if row.name == "replied"]


def test_an_answer_in_a_group_is_one_to_everybody_who_waits(community: Community) -> None:
    community.handle(received(external_user_id=EXTERNAL[MEI], chat_id=GROUP, message_id="a"))
    later = {"chat_id": GROUP, "at": START + timedelta(seconds=30)}
    community.handle(received(external_user_id=EXTERNAL[MEI], message_id="b", **later))
    community.handle(received(external_user_id=EXTERNAL[HAO], message_id="c", **later))
    for n in range(2):
        at = START + timedelta(seconds=90 + n)
        community.handle(received(user_id=ZHOU, chat_id=GROUP, message_id=f"z{n}", at=at))
    assert replies(community) == [(MEI, "zhou", Decimal(90)), (HAO, "zhou", Decimal(60))]


def test_an_answer_alone_is_one_to_whom_it_goes(community: Community) -> None:
    community.handle(received(external_user_id=EXTERNAL[MEI], to=ZHOU, message_id="a"))
    community.handle(received(external_user_id=EXTERNAL[HAO], to=ZHOU, message_id="b"))
    for n in range(2):
        at = START + timedelta(minutes=1 + n)
        community.handle(received(user_id=ZHOU, to_contact=EXTERNAL[MEI], message_id=f"z{n}", at=at))
    assert replies(community) == [(MEI, "zhou", Decimal(60))]


def test_a_week_later_it_is_no_answer(community: Community) -> None:
    community.handle(received(external_user_id=EXTERNAL[MEI], chat_id=GROUP, message_id="a"))
    at = START + timedelta(days=7)
    community.handle(received(user_id=ZHOU, chat_id=GROUP, message_id="z", at=at))
    assert replies(community) == []


def test_the_archive_tells_whom_staff_wrote_to() -> None:
    record = {"msgid": "m", "action": "send", "from": "zhou", "tolist": ["wmMEI"], "roomid": "", "msgtype": "text"}
    event = archive.read({**record, "msgtime": 1_700_000_000_000, "text": {"content": "在"}})
    assert isinstance(event, MessageReceived)
    assert (event.to, event.to_contact) == (None, "wmMEI")


def test_who_comes_back_was_added_again(community: Community) -> None:
    community.router.include(handlers.router)
    community.handle(ContactLost(at=START, user_id=ZHOU, external_user_id=EXTERNAL[MEI]))
    community.handle(ContactAdded(at=START + timedelta(days=1), user_id=ZHOU, external_user_id=EXTERNAL[MEI]))
    names = [row.name for row in community.rows(Behaviour)]
    assert names == ["contact_lost", "contact_added", "re_added"]


def test_taking_consent_back_is_remembered_once(community: Community) -> None:
    for value in (True, False, False):
        community.work(lambda work, value=value: contacts.set_field(work, MEI, "marketing_consent", value))  # type: ignore[misc]
    assert [row.name for row in community.rows(Behaviour)] == ["unsubscribed"]
