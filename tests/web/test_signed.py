"""The signed doors: behaviour by `/track`, archive messages by `/archive`."""

from io import BytesIO
from typing import Any

import pytest

from bot.clock import ManualClock
from bot.storage.work import Store

from .conftest import Client, OpenDoors, kept
from .doors import ARCHIVE, TRACK, post_lines, refused

DOORS = [("/track", TRACK), ("/archive", ARCHIVE)]
AT = "2026-11-21T20:00:00+08:00"


@pytest.fixture
async def doors(open_doors: OpenDoors) -> Client:
    return await open_doors(track={"secret": TRACK}, archive={"secret": ARCHIVE})


def paid(event_id: str = "o1", **changed: Any) -> dict[str, Any]:
    line = {"event_id": event_id, "event": "order.paid", "at": AT, "external_userid": "wmMEI"}
    return {**line, "properties": {"amount": 128}, **changed}


def wrote(message_id: str = "m1", **changed: Any) -> dict[str, Any]:
    record = {"msgid": message_id, "action": "send", "from": "wmMEI", "tolist": ["zhou"], "roomid": "wr1"}
    return {**record, "msgtime": 1_700_000_000_000, "msgtype": "text", "text": {"content": "在吗"}, **changed}


async def told(client: Client, path: str, secret: str, lines: list[object] | bytes, clock: ManualClock) -> Any:
    answer = await post_lines(client, path, secret, lines, clock)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_lines_are_accepted_once(doors: Client, store: Store, clock: ManualClock) -> None:
    lines: list[object] = [paid("o1"), paid("o2"), paid("o1")]
    assert await told(doors, "/track", TRACK, lines, clock) == {"accepted": [1, 2], "duplicate": [3], "refused": []}
    assert await told(doors, "/track", TRACK, lines, clock) == {"accepted": [], "duplicate": [1, 2, 3], "refused": []}
    assert [(row.source, row.kind, row.subject) for row in kept(store)] == [
        ("track", "track.event", "external:wmMEI")
    ] * 2


async def test_archive_messages_are_accepted_once(doors: Client, store: Store, clock: ManualClock) -> None:
    switch = {"msgid": "m2", "action": "switch", "time": 1, "user": "zhou"}
    answer = await told(doors, "/archive", ARCHIVE, [wrote(), switch, wrote()], clock)
    assert answer == {"accepted": [1, 2], "duplicate": [3], "refused": []}
    [row] = kept(store)
    assert (row.source, row.payload["text"], row.payload["chat_id"]) == ("archive", "在吗", "wr1")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"not json", "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"\xff\xfe", "not JSON"),
        (b'{"event_id": "\xe9"}', "not JSON"),
        (b'{"event_id": "o9", "event": "\\ud800"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"null", "not a JSON object"),
        (b"{}", "event_id"),
        ({**paid(), "event_id": 7}, "event_id"),
        (paid("x" * 129), "event_id"),
        (paid("a\x00b"), "NUL"),
        (paid(properties={"text": "a\x00b"}), "NUL"),
        (paid(event=""), "event must name"),
        (paid(event="x" * 65), "event must name"),
        (paid(event=["order.paid"]), "event must name"),
        (paid(external_userid=None), "who did it"),
        (paid(external_userid=["wmMEI"]), "who did it"),
        (paid(external_userid="x" * 300), "who did it"),
        (paid(properties=[1]), "properties"),
        (paid(at=None), "at must be"),
        (paid(at="yesterday"), "at must be"),
        (paid(at=True), "at must be"),
        (paid(at="2026-11-21T20:00:00"), "zone"),
        (paid(at=1e300), "at must be"),
        (paid(at="0001-01-01T00:00:00+08:00"), "at must be"),
        (paid(at="9999-12-31T23:59:59-08:00"), "at must be"),
        (b'{"event_id":"o9","event":"e","at":1,"openid":"o","properties":' + b'{"a":' * 300 + b"1" + b"}" * 301, "deep"),  # noqa: E501
    ],
)  # fmt: skip
async def test_a_bad_line_refuses_only_itself(
    doors: Client, store: Store, clock: ManualClock, line: object, words: str
) -> None:
    answer = await told(doors, "/track", TRACK, [paid("o1"), line, paid("o2")], clock)
    assert answer["accepted"] == [1, 3]
    [refusal] = answer["refused"]
    assert refusal["line"] == 2
    assert words in refusal["reason"]
    assert len(kept(store)) == 2


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"msgid": "", "action": "send"},
        {"msgid": 5},
        {"msgid": "x" * 1000},
        wrote("m2", msgtime="soon"),
        wrote("m2", msgtime=10**15),
        wrote("m2", **{"from": None}),
        wrote("m2", text="bare"),
        wrote("m2", text=["x"]),
        wrote("m2", roomid="x" * 1000),
        wrote("m2", text={"content": "a\x00b"}),
    ],
)
async def test_a_bad_record_refuses_only_itself(
    doors: Client, store: Store, clock: ManualClock, record: dict[str, Any]
) -> None:
    answer = await told(doors, "/archive", ARCHIVE, [wrote("m1"), record, wrote("m3")], clock)
    assert answer["accepted"] == [1, 3]
    assert [refusal["line"] for refusal in answer["refused"]] == [2]
    assert len(kept(store)) == 2


@pytest.mark.parametrize("tolist", [5, {"a": 1}, "zhou", None, [None]])
async def test_a_list_of_readers_that_is_none_is_no_reason_to_fail(
    doors: Client, store: Store, clock: ManualClock, tolist: object
) -> None:
    answer = await told(doors, "/archive", ARCHIVE, [wrote("m1", tolist=tolist, roomid="")], clock)
    assert answer["accepted"] == [1]
    assert len(kept(store)) == 1


async def test_empty_lines_count_and_lead_to_nothing(doors: Client, store: Store, clock: ManualClock) -> None:
    answer = await told(doors, "/track", TRACK, [b"", paid("o1"), b"  ", paid("o2"), b""], clock)
    assert answer == {"accepted": [2, 4], "duplicate": [], "refused": []}
    assert await told(doors, "/track", TRACK, b"", clock) == {"accepted": [], "duplicate": [], "refused": []}


async def test_too_many_lines_are_refused_at_once(doors: Client, store: Store, clock: ManualClock) -> None:
    lines: list[object] = [paid(f"o{n}") for n in range(1001)]
    await refused(await post_lines(doors, "/track", TRACK, lines, clock), 400, "1000 lines")
    assert kept(store) == []


@pytest.mark.parametrize(("path", "secret"), DOORS)
async def test_a_wrong_signature_is_refused(
    doors: Client, store: Store, clock: ManualClock, path: str, secret: str
) -> None:
    await refused(await post_lines(doors, path, "another", [paid()], clock), 403, "signature")
    for signature in ("", "sha256=", "sha256=" + "0" * 64, "é", "\udcff", "x" * 4000):
        answer = await post_lines(doors, path, secret, [paid()], clock, **{"X-Xiaoer-Signature": signature})
        await refused(answer, 403, "signature")
    await refused(await doors.post(path, data=b"{}"), 403)
    assert kept(store) == []


@pytest.mark.parametrize("off", ["0", "-1", "", "soon", "1e9", "٣٣", "9" * 400, "9" * 5000, "1.5"])
async def test_a_strange_timestamp_is_refused(doors: Client, store: Store, clock: ManualClock, off: str) -> None:
    await refused(await post_lines(doors, "/track", TRACK, [paid()], clock, timestamp=off), 403)
    assert kept(store) == []


async def test_a_stale_timestamp_is_refused(doors: Client, store: Store, clock: ManualClock) -> None:
    now = int(clock.now().timestamp())
    for seconds, status in ((-301, 403), (301, 403), (-299, 200), (299, 200)):
        answer = await post_lines(doors, "/track", TRACK, [paid()], clock, timestamp=str(now + seconds))
        assert answer.status == status, seconds
    assert len(kept(store)) == 1


async def test_a_signature_of_one_door_does_not_open_the_other(doors: Client, clock: ManualClock) -> None:
    await refused(await post_lines(doors, "/archive", TRACK, [wrote()], clock), 403)


@pytest.mark.parametrize(("path", "secret"), DOORS)
async def test_a_door_without_a_secret_is_shut(
    open_doors: OpenDoors, clock: ManualClock, path: str, secret: str
) -> None:
    client = await open_doors()
    await refused(
        await post_lines(client, path, secret, [paid()], clock), 403, f"XIAOER{path.replace('/', '_').upper()}__SECRET"
    )


@pytest.mark.parametrize("path", ["/track", "/archive"])
async def test_an_empty_secret_opens_nothing(
    open_doors: OpenDoors, store: Store, clock: ManualClock, path: str
) -> None:
    client = await open_doors(track={"secret": ""}, archive={"secret": ""})
    await refused(await post_lines(client, path, "", [paid(), wrote()], clock), 403)
    assert kept(store) == []


async def test_an_oversized_body_is_refused(doors: Client, store: Store) -> None:
    await refused(await doors.post("/track", data=BytesIO(b" " * (1024 * 1024 + 1))), 413)
    assert kept(store) == []
