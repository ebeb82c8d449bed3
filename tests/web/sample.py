"""What a small community left in the ledgers: a welcome, an advert, an order, one event that was given up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlmodel import Session

from bot.model.events import (
    CallFinished,
    ContactAdded,
    Event,
    LeadQualified,
    MessageReceived,
    OfficialEvent,
    ScheduleDue,
    TimerDue,
    Tracked,
    UnknownCallback,
)
from bot.model.ids import CallId, ChatId, ContactId, ExternalUserId, OpenId, SopName, UserId
from bot.model.tables import (
    ContactTag,
    CustomerGroup,
    ExternalContact,
    Follower,
    FollowUser,
    GroupMember,
    HygieneCase,
    InboxRow,
    Lead,
    OutboxRow,
    Run,
    ScoreEntry,
    SopState,
    SopVersion,
    Staff,
    StaffTask,
    StepRun,
    Suppression,
    TimerRow,
)

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
MEI, HAO = ExternalUserId("wmMEI0000000000000000000000000001"), ExternalUserId("wmHAO0000000000000000000000000002")
GROUP = ChatId("wrSPRING000000000000000000000001")
ZHOU = UserId("zhou")
PHONE = "13800138000"
WELCOME_CODE = "CALLBACKCODE-never-shown"
ADVERT = f"姐妹们加V信 领券,电话 {PHONE}"
SPRING = """# sops/contact/spring.yaml
sop: contact/spring
title: 春季活码欢迎
subject: contact
trigger: contact.added
when:
  all:
    - event.state: {starts_with: spring}
    - not: {tag.names: {has_any: [内部员工]}}
steps:
  - do: send_welcome
    text: 你好 {{ contact.name | default('朋友') }},我是{{ staff.name }}
  - do: add_tag
    tags: [渠道/春季]
  - wait: 10m
"""


def ago(**units: float) -> datetime:
    return NOW - timedelta(**units)


def arrival(source: str, event: Event, trace_id: str, **changed: Any) -> InboxRow:
    """A row as the door writes it, handled 40 ms later unless `changed` says otherwise."""
    row = {
        "source": source,
        "kind": event.kind,
        "dedupe_key": f"{source}:{trace_id}:{event.kind}",
        "subject": event.key,
        "lane": event.lane.value,
        "state": "done",
        "payload": orjson.loads(orjson.dumps(event)),
        "trace_id": trace_id,
        "event_at": event.at,
        "received_at": event.at,
        "ready_at": event.at,
        "deadline": event.deadline,
        "finished_at": event.at + timedelta(milliseconds=40),
    }
    return InboxRow(**{**row, **changed})


def call(endpoint: str, trace_id: str, at: datetime, **changed: Any) -> OutboxRow:
    row = {
        "platform": "wecom",
        "endpoint": endpoint,
        "state": "sent",
        "trace_id": trace_id,
        "attempts": 1,
        "planned_at": at,
        "ready_at": at,
        "finished_at": at + timedelta(milliseconds=200),
        "answer": {"errcode": 0, "errmsg": "ok"},
    }
    return OutboxRow(**{**row, **changed})


def fill(session: Session) -> None:
    """Write the whole sample."""
    for write in (_people, _welcome, _advert, _others):
        write(session)
        session.flush()


def _people(session: Session) -> None:
    mei = ExternalContact(id=1, external_user_id=MEI, name="Mei", city="上海", lead_score=65, first_seen_at=ago(days=3),
                          phone_sealed="sealed", email="mei@example.com", fields={"phone": PHONE})  # fmt: skip
    hao = ExternalContact(id=2, external_user_id=HAO, name="<script>alert('Hao')</script>", first_seen_at=ago(days=1))
    session.add_all([mei, hao, Staff(user_id=ZHOU, name="Zhou"), Staff(user_id="lin", name="Lin")])
    session.add(CustomerGroup(chat_id=GROUP, name="春季福利群", owner=ZHOU))
    session.flush()
    session.add_all(
        [
            FollowUser(contact_id=1, user_id=ZHOU, state="spring", added_at=ago(hours=3), changed_at=ago(hours=3)),
            Follower(app_id="wx01", open_id="oMEI", contact_id=1, followed_at=ago(days=2), changed_at=ago(days=2)),
            GroupMember(chat_id=GROUP, member_id=MEI, contact_id=1, joined_at=ago(days=2), changed_at=ago(days=2)),
        ]
    )


def _welcome(session: Session) -> None:
    at, trace = ago(hours=3), "5e0f11aa22bb33cc"
    handled = at + timedelta(milliseconds=40)
    event = ContactAdded(at=at, user_id=ZHOU, external_user_id=MEI, state="spring", welcome_code=WELCOME_CODE)
    session.add(arrival("wecom", event, trace))
    session.add(SopVersion(sop="contact/spring", digest="0f" * 32, source=SPRING, published_at=ago(days=20)))
    session.add(SopVersion(sop="contact/spring", digest="a1" * 32, source=SPRING, published_at=ago(days=2)))
    session.add(SopState(sop="contact/spring", digest="a1" * 32))
    session.add(SopState(sop="group/evening", digest="b2" * 32, paused=True))
    run = Run(id=7, sop="contact/spring", digest="a1" * 32, subject="contact:1", dedupe_key="run", state="waiting",
              wake_at=at + timedelta(minutes=10), event_kind="contact.added", user_id=ZHOU, started_at=handled,
              trace_id=trace, variables={"when": [{"name": "follow.state", "passed": True,
                                                   "wanted": {"starts_with": "spr"}, "found": "spring"}]})  # fmt: skip
    session.add(run)
    session.flush()
    verdicts = [
        {"name": "event.state", "passed": True, "wanted": {"starts_with": "spring"}, "found": "spring"},
        {"name": "tag.names", "passed": False, "wanted": {"has_any": ["内部员工"]}, "found": []},
        {"name": "contact.phone", "passed": False, "wanted": "exists", "found": None},
    ]
    session.add_all(
        [
            StepRun(run_id=7, position="0", name="send_welcome", outcome="sent", at=handled, trace_id=trace,
                    detail={"verdicts": verdicts[:2]}),
            StepRun(run_id=7, position="1", name="if", outcome="else", at=handled, trace_id=trace,
                    detail={"verdicts": verdicts[2:]}),
            StepRun(run_id=7, position="1.else.0", name="add_tag", outcome="done", at=handled, trace_id=trace,
                    detail={"tags": ["渠道/春季"]}),
            Suppression(sop="contact/default", subject="contact:1", rule="mutex", at=handled, trace_id=trace,
                        detail={"won": "contact/spring"}),
            ContactTag(contact_id=1, name="渠道/春季", source="sop", rule="contact/spring", evidence="spring",
                       added_at=handled),
            ContactTag(contact_id=1, name="兴趣/口红", source="rule", rule="lipstick", evidence=f"口红 {PHONE}",
                       added_at=ago(days=1)),
            TimerRow(name="sop.wait", dedupe_key="t1", subject="contact:1", due_at=at + timedelta(minutes=10),
                     trace_id=trace, state="fired", payload={"run": 7}),
        ]
    )  # fmt: skip
    session.add(
        call("externalcontact/send_welcome_msg", trace, handled, lane="instant",
             body={"welcome_code": WELCOME_CODE, "text": {"content": f"你好 Mei,我是Zhou,电话 {PHONE}"}})
    )  # fmt: skip
    mark = {"userid": "zhou", "external_userid": MEI, "add_tag": ["etSPRING"]}
    session.add(
        call("externalcontact/mark_tag", trace, handled, state="failed", errcode=84061, attempts=2, body=mark,
             reason="not external contact, hint: [1700000000_1]", answer={"errcode": 84061})
    )  # fmt: skip
    told = CallFinished(at=handled, call_id=CallId(2), endpoint="externalcontact/mark_tag", outcome="failed",
                        errcode=84061, reason="not external contact", body=mark)  # fmt: skip
    session.add(arrival("wecom", told, trace))


def _advert(session: Session) -> None:
    at, trace = ago(hours=1), "77aa00bb11cc22dd"
    handled = at + timedelta(milliseconds=40)
    wrote = MessageReceived(at=at, channel="archive", message_id="msg-advert", text=ADVERT, external_user_id=HAO,
                            chat_id=GROUP)  # fmt: skip
    qualified = LeadQualified(at=handled, contact_id=ContactId(2), lead="opportunity", reason="领券", user_id=ZHOU)
    session.add(arrival("archive", wrote, trace))
    session.add(arrival("xiaoer", qualified, trace))
    start = ADVERT.index("加V信")
    session.add_all(
        [
            HygieneCase(chat_id=GROUP, contact_id=2, message_id="msg-advert", rules=["advert", "phone"], quote=ADVERT,
                        spans=[[start, start + 3], [ADVERT.index(PHONE), ADVERT.index(PHONE) + 11]], opened_at=handled),
            ScoreEntry(contact_id=2, points=30, rule="intent/coupon", evidence="领券", at=handled, dedupe_key="s1"),
            Lead(contact_id=2, kind="opportunity", reason="The lead score has reached 65: 领券", score=65,
                 recipients=["zhou", "lin"], opened_at=handled),
            StaffTask(user_id="zhou", contact_id=2, text=f"请联系 Hao {PHONE}", opened_at=handled,
                      due_at=ago(minutes=5)),
        ]
    )  # fmt: skip
    session.add(call("message/send", trace, handled, body={"touser": "zhou|lin", "msgtype": "template_card"}))


def _others(session: Session) -> None:
    events: list[tuple[str, Event, str, dict[str, Any]]] = [
        ("official", OfficialEvent(at=ago(minutes=55), open_id=OpenId("oMEI"), name="subscribe", event_key="poster"),
         "aa01", {}),
        ("track", Tracked(at=ago(minutes=50), name="order.paid", event_id="o1", external_user_id=MEI,
                          properties={"phone": PHONE, "amount": 128}), "aa02", {}),
        ("timer", TimerDue(at=ago(minutes=30), name="post.remind", about={"post": 3}), "aa03", {}),
        ("timer", ScheduleDue(at=ago(minutes=25), sop=SopName("group/evening")), "aa04", {"lane": "bulk"}),
        ("wecom", UnknownCallback(at=ago(minutes=20), source="wecom",
                                  fields={"Event": "brand_new", "MsgType": "event", "Secret": "hush"}), "aa05", {}),
        ("official", MessageReceived(at=ago(minutes=10), channel="official", message_id="m9", text="优惠券怎么领?",
                                     open_id=OpenId("oMEI")), "aa06",
         {"state": "buried", "attempts": 8, "error": "KeyError: 'coupon'"}),
        ("wecom", ContactAdded(at=ago(seconds=4), user_id=ZHOU, external_user_id=HAO, welcome_code="x"), "aa07",
         {"state": "new", "finished_at": None}),
    ]  # fmt: skip
    for source, event, trace, changed in events:
        session.add(arrival(source, event, trace, **changed))
        session.flush()
    session.add(call("kf/send_msg", "aa06", ago(minutes=9), state="unknown", reason="timed out", answer={}))
