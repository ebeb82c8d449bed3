"""Followers of the official account: they become contacts, and one person when WeCom knows them too."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import Session, col, select

from bot.community import behaviour, contacts, followers, policy, scoring, tagging
from bot.community.rules import LiveCode, LiveCodes, ReplyRules, Rules
from bot.model.events import CallFinished, Event, MessageReceived, OfficialEvent, OfficialKind
from bot.model.ids import CallId, ContactId, ExternalUserId, OpenId, TraceId, UserId
from bot.model.tables import (
    Behaviour,
    ContactTag,
    CorpTag,
    ExternalContact,
    Follower,
    FollowUser,
    InboxRow,
    Message,
    OutboxRow,
    Run,
    ScoreEntry,
)
from bot.runtime.context import Context
from bot.settings import OfficialSettings, Settings
from bot.storage.database import Database
from bot.storage.work import Work
from handlers import official
from tests import blank

APP = "wx00000000000000aa"
MEI = OpenId("oMei")
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
NO_LIBRARY: Any = None
RULES = Rules(
    replies=ReplyRules.model_validate(
        {
            "default": "没听懂",
            "subscribe": {
                "text": "欢迎",
                "tags": ["渠道/公众号"],
                "scenes": {"spring": {"text": "春季上新", "tags": ["渠道/春季"]}},
            },
            "rules": {"hours": {"exact": ["营业时间"], "text": "9:00-21:00"}},
        }
    ),
    live_codes=LiveCodes(codes={"spring": LiveCode(tags=("活动/上新",)), "store-*": LiveCode(tags=("渠道/门店",))}),
)


def settings(kind: str = "verified_service") -> Settings:
    account = {"app_id": APP, "secret": SecretStr("s"), "token": SecretStr("t"), "kind": kind}
    return Settings(official=OfficialSettings.model_validate(account), lead_line=60)


class House:
    """One open transaction, and the handlers of the official account."""

    def __init__(self, session: Session) -> None:
        self.session, self.settings = session, settings()
        policy.use(session, self.settings)
        self.work = Work(session, NOON, TraceId("t"), "test")

    def handle(self, *events: Event) -> None:
        for event in events:
            context = Context(self.work, self.settings, NO_LIBRARY, RULES)
            for route in official.router.routes(event):
                route.handler(event, context)
        self.session.flush()

    def act(self, name: OfficialKind, key: str = "", after_s: int = 0, who: OpenId = MEI) -> None:
        at = NOON + timedelta(seconds=after_s)
        self.handle(OfficialEvent(at=at, open_id=who, name=name, event_key=key))

    def write(self, text: str = "你好", after_s: int = 0, number: int = 1) -> None:
        at = NOON + timedelta(seconds=after_s)
        self.handle(MessageReceived(at=at, channel="official", message_id=f"official:{number}", text=text, open_id=MEI))

    def tell(self, union_id: str | None, who: OpenId = MEI, app_id: str = APP) -> None:
        """The answer to `user/info`."""
        answer = {"subscribe": 1, "openid": who, "qr_scene": 0} | ({"unionid": union_id} if union_id else {})
        self.handle(
            CallFinished(
                at=NOON, call_id=CallId(1), endpoint="user/info", outcome="sent", answer=answer, note={"app_id": app_id}
            )
        )

    def follower(self, who: OpenId = MEI) -> Follower:
        return self.session.exec(select(Follower).where(Follower.open_id == who)).one()

    def contact(self, who: OpenId = MEI) -> ExternalContact:
        found = contacts.find(self.session, open_id=who)
        assert found is not None
        return found

    def wecom_contact(self, union_id: str | None = None, external_user_id: str = "wmMei") -> ExternalContact:
        contact = contacts.ensure(self.work, ExternalUserId(external_user_id))
        contact.union_id = union_id
        self.session.flush()
        return contact

    def tags(self, contact: ExternalContact) -> set[str]:
        carried = select(ContactTag).where(ContactTag.contact_id == contact.id, col(ContactTag.removed_at).is_(None))
        return {tag.name for tag in self.session.exec(carried)}

    def behaviours(self, contact: ExternalContact) -> list[str]:
        done = select(Behaviour.name).where(Behaviour.contact_id == contact.id).order_by(col(Behaviour.id))
        return list(self.session.exec(done))

    def calls(self, endpoint: str) -> list[OutboxRow]:
        return list(self.session.exec(select(OutboxRow).where(OutboxRow.endpoint == endpoint)))

    def score(self, contact_id: ContactId, points: int, key: str) -> None:
        scoring.add_score(self.work, contact_id, points, rule="r", evidence="多少钱", key=key, line=60)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(blank.sqlite(tmp_path / "x.db"))
    with Session(database.engine) as session, session.begin():
        yield House(session)
        session.rollback()
    database.close()


def test_a_new_follower_becomes_a_contact_with_the_tags_of_the_greeting(house: House) -> None:
    house.act("subscribe")
    follower, contact = house.follower(), house.contact()
    assert (follower.app_id, follower.followed_at, follower.unfollowed_at) == (APP, NOON, None)
    assert (contact.external_user_id, contact.first_seen_at) == (None, NOON)
    assert house.tags(contact) == {"渠道/公众号"}
    assert house.behaviours(contact) == ["official_followed"]


def test_a_scene_brings_its_tags_along(house: House) -> None:
    house.act("subscribe", "spring")
    assert house.follower().scene == "spring"
    assert house.tags(house.contact()) == {"渠道/公众号", "渠道/春季", "活动/上新"}


def test_a_follower_who_scans_gets_the_tags_of_the_scene_only(house: House) -> None:
    house.act("scan", "store-7")
    assert house.tags(house.contact()) == {"渠道/门店"}
    assert house.behaviours(house.contact()) == ["qr_scanned"]


def test_the_profile_of_a_new_follower_is_asked_for(house: House) -> None:
    house.act("subscribe")
    [call] = house.calls("user/info")
    assert (call.platform, call.follow, call.body) == ("official", True, {"openid": MEI, "lang": "zh_CN"})


@pytest.mark.parametrize("kind", ["subscription", "service"])
def test_an_account_that_may_not_ask_does_not(house: House, kind: str) -> None:
    house.settings = settings(kind)
    house.act("subscribe")
    assert house.calls("user/info") == []
    assert house.contact().id is not None


def test_whoever_comes_back_is_the_same_contact_and_asked_for_again(house: House) -> None:
    house.act("subscribe")
    before = house.contact().id
    house.act("unsubscribe", after_s=10)
    house.act("subscribe", after_s=20)
    assert house.contact().id == before
    assert house.follower().unfollowed_at is None
    assert len(house.calls("user/info")) == 2


def test_an_unsubscription_that_comes_late_does_not_undo_a_newer_subscription(house: House) -> None:
    house.act("subscribe", after_s=20)
    house.act("unsubscribe", after_s=10)
    assert house.follower().unfollowed_at is None
    assert house.behaviours(house.contact()) == ["official_followed", "official_unfollowed"]


def test_a_subscription_that_comes_late_does_not_undo_a_newer_unsubscription(house: House) -> None:
    house.act("unsubscribe", after_s=20)
    house.act("subscribe", "spring", after_s=10)
    assert house.follower().unfollowed_at == NOON + timedelta(seconds=20)
    assert (house.tags(house.contact()), house.calls("user/info")) == (set(), [])


def test_a_subscription_told_after_the_first_message_still_dates_the_follower(house: House) -> None:
    house.write(after_s=5)
    assert house.follower().followed_at == NOON + timedelta(seconds=5)
    house.act("subscribe", "spring")
    assert (house.follower().followed_at, house.follower().scene) == (NOON, "spring")


def test_a_writer_is_known_from_the_first_message_and_asked_for_once(house: House) -> None:
    house.write(number=1)
    house.write(after_s=9, number=2)
    house.write(after_s=4, number=3)
    assert house.follower().wrote_at == NOON + timedelta(seconds=9)
    assert house.behaviours(house.contact()) == ["official_message"] * 3
    assert len(house.calls("user/info")) == 1


def test_the_same_message_twice_counts_once(house: House) -> None:
    house.write()
    house.write()
    assert house.behaviours(house.contact()) == ["official_message"]


def test_menu_presses_are_remembered_with_their_key(house: House) -> None:
    house.act("click", "优惠")
    house.act("view", "https://example.com/")
    done = house.session.exec(select(Behaviour).order_by(col(Behaviour.id))).all()
    assert [(one.name, one.properties) for one in done] == [
        ("menu_clicked", {"key": "优惠"}),
        ("menu_clicked", {"key": "https://example.com/"}),
    ]


@pytest.mark.parametrize("name", ["template_finished", "mass_finished", "other"])
def test_the_end_of_a_job_makes_nobody_a_follower(house: House, name: OfficialKind) -> None:
    house.act(name, "1")
    assert house.session.exec(select(Follower)).all() == []


# ── one person ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_unionid_joins_the_follower_with_the_wecom_contact(house: House) -> None:
    wecom = house.wecom_contact("u1")
    house.act("subscribe", "spring")
    house.write()
    other = house.contact()
    house.score(contacts.id_of(other), 30, "s1")
    house.tell("u1")
    assert house.contact().id == wecom.id
    assert (house.follower().contact_id, other.merged_into) == (wecom.id, wecom.id)
    assert house.tags(wecom) == {"渠道/公众号", "渠道/春季", "活动/上新"}
    assert house.behaviours(wecom) == ["official_followed", "official_message"]
    assert wecom.lead_score == 30
    assert contacts.get(house.session, contacts.id_of(other)).id == wecom.id


def test_a_wecom_profile_that_comes_later_joins_the_follower(house: House) -> None:
    house.act("subscribe")
    house.tell("u1")
    wecom = house.wecom_contact("u1")
    assert followers.join(house.work, wecom).id == wecom.id
    assert house.contact().id == wecom.id
    assert house.behaviours(wecom) == ["official_followed"]


def test_the_tags_of_a_follower_are_put_on_the_pair_at_wecom(house: House) -> None:
    wecom = house.wecom_contact("u1")
    house.session.add(CorpTag(tag_id="et1", group_id="eg1", name="渠道/公众号"))
    relation = FollowUser(contact_id=wecom.id or 0, user_id="zhou", added_at=NOON, changed_at=NOON)
    house.session.add(relation)
    house.act("subscribe")
    assert house.calls("externalcontact/mark_tag") == []
    house.tell("u1")
    [call] = house.calls("externalcontact/mark_tag")
    assert call.body == {"userid": "zhou", "external_userid": "wmMei", "add_tag": ["et1"]}


def test_a_run_goes_on_as_the_person_it_belongs_to(house: House) -> None:
    wecom = house.wecom_contact("u1")
    house.act("subscribe")
    house.session.add(
        Run(sop="contact/x", digest="d", subject=f"contact:{house.contact().id}", dedupe_key="k", started_at=NOON)
    )
    house.tell("u1")
    assert house.session.exec(select(Run.subject)).all() == [f"contact:{wecom.id}"]


def test_two_accounts_of_one_person_are_joined_to_the_older_contact(house: House) -> None:
    house.act("subscribe", who=OpenId("oFirst"))
    house.tell("u1", OpenId("oFirst"))
    house.act("subscribe", after_s=5, who=OpenId("oSecond"))
    house.tell("u1", OpenId("oSecond"))
    assert house.contact(OpenId("oFirst")).id == house.contact(OpenId("oSecond")).id
    # and WeCom's contact takes both
    wecom = house.wecom_contact("u1")
    followers.join(house.work, wecom)
    assert {house.contact(OpenId(who)).id for who in ("oFirst", "oSecond")} == {wecom.id}


def test_two_contacts_whom_wecom_keeps_apart_stay_apart(house: House) -> None:
    house.wecom_contact("u1", "wmMei")
    twin = house.wecom_contact("u1", "wmHao")
    followers.join(house.work, twin)
    assert twin.merged_into is None


@pytest.mark.parametrize("union_id", [None, ""])
def test_without_a_unionid_nobody_is_joined(house: House, union_id: str | None) -> None:
    wecom = house.wecom_contact(union_id)
    house.act("subscribe")
    house.tell(union_id)
    assert house.contact().id != wecom.id


def test_an_answer_about_a_follower_of_another_account_changes_nothing(house: House) -> None:
    house.wecom_contact("u1")
    house.act("subscribe")
    house.tell("u1", app_id="wx00000000000000bb")
    assert house.contact().union_id is None


def test_two_halves_of_a_lead_make_one(house: House) -> None:
    wecom = house.wecom_contact("u1")
    house.score(contacts.id_of(wecom), 40, "s1")
    house.act("subscribe")
    house.score(contacts.id_of(house.contact()), 40, "s2")
    assert house.session.exec(select(InboxRow)).all() == []
    house.tell("u1")
    [qualified] = house.session.exec(select(InboxRow).where(InboxRow.kind == "lead.qualified"))
    assert qualified.payload["contact_id"] == wecom.id
    assert wecom.lead_score == 80


def test_a_join_is_undone_by_a_split(house: House) -> None:
    wecom = house.wecom_contact("u1")
    tagging.add_tags(house.work, contacts.id_of(wecom), ["渠道/公众号"], source="staff", rule="lin")
    wecom.fields = {"size": "M"}
    house.act("subscribe", "spring")
    other = house.contact()
    other.name, other.fields = "Mei", {"size": "S", "shade": "01"}
    house.score(contacts.id_of(other), 30, "s1")
    house.tell("u1")
    assert (wecom.name, wecom.fields) == ("Mei", {"size": "M", "shade": "01"})
    behaviour.record(house.work, contacts.id_of(wecom), "link_clicked", at=NOON, key="later")

    assert followers.split(house.work, contacts.id_of(other))
    house.session.flush()
    house.session.expire_all()
    assert house.contact().id == other.id
    assert (other.merged_into, other.lead_score) == (None, 30)
    assert (wecom.name, wecom.lead_score, wecom.fields) == (None, 0, {"size": "M"})
    assert house.tags(wecom) == {"渠道/公众号"}
    assert house.tags(other) == {"渠道/公众号", "渠道/春季", "活动/上新"}
    assert (house.behaviours(other), house.behaviours(wecom)) == (["official_followed"], ["link_clicked"])
    assert house.session.exec(select(ScoreEntry.contact_id)).all() == [other.id]
    # and the next answer does not join them again
    house.tell("u1")
    assert house.contact().id == other.id


def test_who_stands_alone_cannot_be_split(house: House) -> None:
    wecom = house.wecom_contact("u1")
    assert not followers.split(house.work, contacts.id_of(wecom))


# ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_leaves_and_is_known_nowhere_else_is_forgotten(house: House) -> None:
    house.act("subscribe")
    house.write()
    house.tell("u1")
    contact = house.contact()
    contact.name, contact.city, contact.fields = "Mei", "杭州", {"shade": "01"}
    house.session.add(
        Message(message_id="official:1", channel="official", contact_id=contact.id, text="你好", sent_at=NOON)
    )
    house.score(contacts.id_of(contact), 30, "s1")
    house.act("unsubscribe", after_s=10)
    house.session.refresh(contact)
    assert [contact.name, contact.city, contact.union_id, contact.fields] == [None, None, None, {}]
    assert house.session.exec(select(Message)).all() == []
    assert house.session.exec(select(ScoreEntry.evidence)).all() == [""]
    assert house.behaviours(contact) == ["official_followed", "official_message", "official_unfollowed"]
    # an answer that was under way brings nothing back
    house.tell("u1")
    assert contact.union_id is None


def test_who_leaves_but_is_a_contact_at_wecom_stays_known(house: House) -> None:
    wecom = house.wecom_contact("u1")
    wecom.name = "Mei"
    house.act("subscribe")
    house.tell("u1")
    house.act("unsubscribe", after_s=10)
    assert (wecom.name, wecom.union_id) == ("Mei", "u1")
    assert house.follower().unfollowed_at is not None


# ── what is said at once ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("subscribe", "", "欢迎"),
        ("subscribe", "spring", "春季上新"),
        ("subscribe", "unheard", "欢迎"),
        ("scan", "spring", "春季上新"),
        ("scan", "unheard", None),
        ("click", "营业时间", "9:00-21:00"),
        ("click", "unheard", None),
        ("view", "营业时间", None),
        ("unsubscribe", "", None),
    ],
)
def test_an_act_is_answered(name: OfficialKind, key: str, said: str | None) -> None:
    event = OfficialEvent(at=NOON, open_id=MEI, name=name, event_key=key)
    assert followers.answer(RULES, event) == said


@pytest.mark.parametrize(("text", "said"), [("营业时间", "9:00-21:00"), ("天气", "没听懂"), ("", None)])
def test_words_are_answered(text: str, said: str | None) -> None:
    event = MessageReceived(at=NOON, channel="official", message_id="1", text=text, open_id=MEI)
    assert followers.answer(RULES, event) == said


def test_words_from_elsewhere_are_not_answered_here() -> None:
    event = MessageReceived(at=NOON, channel="app", message_id="1", text="营业时间", user_id=UserId("zhou"))
    assert followers.answer(RULES, event) is None
