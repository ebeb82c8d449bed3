"""The signed doors: behaviour by `/track`, archive messages by `/archive`."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from bot.clock import ManualClock
from bot.community.rules import load
from bot.sop.filters import all_filters
from bot.sop.scope import Scope
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


DICTIONARY = """
events:
  order.paid:
    properties:
      {amount: {type: number, required: true}, product: text, gift: flag, items: list, due: moment, n: integer}
"""


@pytest.fixture
async def strict(open_doors: OpenDoors, tmp_path: Path) -> Client:
    (tmp_path / "events.yaml").write_text(DICTIONARY)
    return await open_doors(rules=load(tmp_path), track={"secret": TRACK})


@pytest.mark.parametrize(
    ("name", "properties", "reason"),
    [
        ("order.paid", {"amount": "128"}, "order.paid: amount must be a number"),
        ("order.paid", {"amount": True}, "order.paid: amount must be a number"),
        ("order.paid", {"amount": 1, "product": 7}, "order.paid: product must be a text"),
        ("order.paid", {"amount": 1, "gift": "yes"}, "order.paid: gift must be true or false"),
        ("order.paid", {"amount": 1, "n": 1.5}, "order.paid: n must be a whole number"),
        ("order.paid", {"amount": 1, "items": "a"}, "order.paid: items must be a list"),
        ("order.paid", {"amount": 1, "due": "soon"}, "order.paid: due must be a moment in ISO 8601"),
        ("order.paid", {"amount": 1, "prodct": "口红"}, "order.paid has no property prodct. Did you mean product?"),
        ("order.paid", {"amount": 1, "zzz": 1}, "order.paid has no property zzz. It has: amount, product, gift, items, due, n."),  # noqa: E501
        ("order.paid", {"product": "口红"}, "order.paid: amount is missing"),
        ("order.paid", {"amount": None}, "order.paid: amount is missing"),
        ("order_paid", {"amount": 1}, "there is no event order_paid in the data dictionary. Did you mean order.paid?"),
    ],
)  # fmt: skip
async def test_what_the_data_dictionary_does_not_know_is_refused_by_name(
    strict: Client, store: Store, clock: ManualClock, name: str, properties: dict[str, Any], reason: str
) -> None:
    lines: list[object] = [paid("o1"), paid("o2", event=name, properties=properties), paid("o3")]
    answer = await told(strict, "/track", TRACK, lines, clock)
    assert answer == {"accepted": [1, 3], "duplicate": [], "refused": [{"line": 2, "reason": reason}]}
    assert len(kept(store)) == 2


async def test_an_event_of_ones_own_is_kept_unless_the_dictionary_is_closed(
    strict: Client, open_doors: OpenDoors, clock: ManualClock, tmp_path: Path
) -> None:
    own: list[object] = [paid("o1", event="sample.sent", properties={"any": [1]})]
    assert (await told(strict, "/track", TRACK, own, clock))["accepted"] == [1]
    (tmp_path / "events.yaml").write_text("others: refuse\n" + DICTIONARY)
    closed = await open_doors(rules=load(tmp_path), track={"secret": TRACK})
    [refusal] = (await told(closed, "/track", TRACK, own, clock))["refused"]
    assert refusal["reason"].startswith("there is no event sample.sent in the data dictionary.")


def test_the_shipped_dictionary_fits_the_filters() -> None:
    """Every behaviour that filters ask for by a tracked event's name is in it."""
    known = set(load(Path("sops/rules")).events.events)
    scope = Scope(subject="contact", now=datetime(2026, 3, 2, tzinfo=UTC))
    asked = {
        name
        for one in all_filters().values()
        if one.kind.measures and not one.params.model_fields
        for name in one.acts({}, scope).names
    }
    assert {name for name in asked if "." in name} <= known
    assert set(load(Path("sops/rules")).scoring.behaviours) <= known
