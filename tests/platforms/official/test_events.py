"""What callbacks of the official account mean, ugly ones included."""

from datetime import timedelta

import pytest

from bot.model.events import Event, MessageReceived, OfficialEvent, UnknownCallback
from bot.platforms import xml
from bot.platforms.official import events
from tests.platforms.official.vectors import NOW, callback


def read(**fields: str) -> Event:
    return events.read(xml.parse(callback(**fields)), NOW)


def key(**fields: str) -> str:
    return events.dedupe_key(xml.parse(callback(**fields)))


@pytest.mark.parametrize(
    ("fields", "name", "event_key"),
    [
        ({"Event": "subscribe"}, "subscribe", ""),
        ({"Event": "subscribe", "EventKey": ""}, "subscribe", ""),
        ({"Event": "subscribe", "EventKey": "qrscene_spring", "Ticket": "T"}, "subscribe", "spring"),
        ({"Event": "subscribe", "EventKey": "last_trade_no_42"}, "subscribe", "last_trade_no_42"),
        ({"Event": "unsubscribe", "EventKey": ""}, "unsubscribe", ""),
        ({"Event": "SCAN", "EventKey": "spring", "Ticket": "T"}, "scan", "spring"),
        ({"Event": "SCAN", "EventKey": "qrscene_odd"}, "scan", "qrscene_odd"),
        ({"Event": "CLICK", "EventKey": "优惠"}, "click", "优惠"),
        ({"Event": "VIEW", "EventKey": "https://example.com/?a=1&b=2"}, "view", "https://example.com/?a=1&b=2"),
        (
            {"Event": "TEMPLATESENDJOBFINISH", "MsgID": "7300000000000000001"},
            "template_finished",
            "7300000000000000001",
        ),
        ({"Event": "MASSSENDJOBFINISH", "MsgID": "3147483655"}, "mass_finished", "3147483655"),
        ({"Event": "scancode_waitmsg", "EventKey": "k"}, "other", "k"),
    ],
)
def test_an_act_of_a_follower_is_read(fields: dict[str, str], name: str, event_key: str) -> None:
    event = read(MsgType="event", **fields)
    assert isinstance(event, OfficialEvent)
    assert (event.name, event.event_key, event.wire_name) == (name, event_key, fields["Event"])
    assert (event.open_id, event.key, event.at) == ("oSIM1", "official:oSIM1", NOW)


def test_the_end_of_a_job_tells_its_status_and_counts() -> None:
    event = read(MsgType="event", Event="MASSSENDJOBFINISH", MsgID="1", Status="send success", SentCount="75")
    assert isinstance(event, OfficialEvent)
    assert event.content == {"Status": "send success", "SentCount": "75"}


@pytest.mark.parametrize(
    ("fields", "text", "content"),
    [
        ({"MsgType": "text", "Content": "你好😀"}, "你好😀", {}),
        ({"MsgType": "text", "Content": ""}, "", {}),
        ({"MsgType": "text"}, "", {}),
        ({"MsgType": "text", "Content": "价格", "bizmsgmenuid": "101"}, "价格", {"bizmsgmenuid": "101"}),
        ({"MsgType": "image", "PicUrl": "http://p", "MediaId": "m"}, "", {"PicUrl": "http://p", "MediaId": "m"}),
        ({"MsgType": "voice", "MediaId": "m", "Format": "amr"}, "", {"MediaId": "m", "Format": "amr"}),
        ({"MsgType": "voice", "MediaId": "m", "Recognition": "多少钱"}, "多少钱", {"MediaId": "m"}),
        ({"MsgType": "location", "Location_X": "23.1", "Label": "广州"}, "", {"Location_X": "23.1", "Label": "广州"}),
        ({"MsgType": "link", "Title": "t", "Url": "u"}, "", {"Title": "t", "Url": "u"}),
    ],
)
def test_a_message_is_read(fields: dict[str, str], text: str, content: dict[str, str]) -> None:
    event = read(MsgId="7300000000000000001", **fields)
    assert isinstance(event, MessageReceived)
    assert (event.channel, event.open_id, event.message_kind) == ("official", "oSIM1", fields["MsgType"])
    assert (event.text, event.content) == (text, content)
    assert event.message_id == "official:gh_sim:7300000000000000001"


def test_a_field_is_found_whatever_its_case() -> None:
    event = read(MsgType="voice", MsgID="12", MediaID="m")
    assert isinstance(event, MessageReceived)
    assert event.message_id == "official:gh_sim:12"


def test_markup_inside_a_message_stays_text() -> None:
    document = callback(MsgType="text", MsgId="1").replace(
        "</xml>", "<Content>a &lt;b&gt; &amp; ]]&gt; c</Content></xml>"
    )
    event = events.read(xml.parse(document), NOW)
    assert isinstance(event, MessageReceived)
    assert event.text == "a <b> & ]]> c"


@pytest.mark.parametrize(
    "fields",
    [
        {"MsgType": "event", "Event": "card_pass_check", "CardId": "c"},
        {"MsgType": "event"},
        {"MsgType": "hologram", "MsgId": "1"},
        {"MsgType": "text", "FromUserName": "", "MsgId": "1"},
        {},
    ],
)
def test_a_callback_that_nobody_knows_is_kept(fields: dict[str, str]) -> None:
    event = read(**fields)
    assert isinstance(event, UnknownCallback)
    assert event.source == "official"
    assert event.fields.items() >= {name: value for name, value in fields.items() if value}.items()


@pytest.mark.parametrize("seconds", ["", "yesterday", "-1", "9" * 30])
def test_a_time_that_cannot_be_read_is_replaced_by_ours(seconds: str) -> None:
    later = NOW + timedelta(days=1)
    document = callback(MsgType="text", MsgId="1", CreateTime=seconds)
    assert events.read(xml.parse(document), later).at == later


def test_a_message_without_an_id_is_known_by_what_it_says() -> None:
    assert key(MsgType="text", Content="a") == key(MsgType="text", Content="a")
    assert key(MsgType="text", Content="a") != key(MsgType="text", Content="b")


def test_the_same_act_is_known_again_and_another_is_not() -> None:
    click = {"MsgType": "event", "Event": "CLICK", "EventKey": "k"}
    assert key(**click) == key(**click)
    others = [{"EventKey": "k2"}, {"CreateTime": "1700000001"}, {"FromUserName": "oSIM2"}, {"Event": "VIEW"}]
    assert key(**click) not in {key(**{**click, **other}) for other in others}


def test_two_jobs_that_end_in_one_second_are_two() -> None:
    job = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH"}
    assert key(**job, MsgID="1") != key(**job, MsgID="2")


def test_a_long_address_makes_no_long_key() -> None:
    assert len(key(MsgType="event", Event="VIEW", EventKey="https://example.com/" + "a" * 1000)) < 100
