"""What each command does."""

from datetime import timedelta

from sqlmodel import select

from bot.community import leads
from bot.model.ids import ContactId
from bot.model.tables import (
    AuditRow,
    ContactTag,
    ExternalContact,
    FollowUser,
    Lead,
    Message,
    OutboxRow,
    Run,
    SopState,
    SopVersion,
    Staff,
    StepRun,
    Suppression,
)
from bot.storage.work import Work
from tests.commands.conftest import Ask
from tests.community.people import GROUP, HAO, MEI, START, ZHOU, Community, follow


def a_lead(community: Community) -> int:
    def open_one(work: Work) -> int:
        lead = leads.open_lead(work, MEI, kind="opportunity", reason="asked for 13812345678", to=["event_staff"])
        assert lead.id is not None
        return lead.id

    return community.work(open_one)


# ── report ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_report_answers_with_text_at_once_and_the_picture_after_it(ask: Ask, listening: Community) -> None:
    told = ask("/报告 周", message_id="r1")
    assert told.startswith("Community, one week · 2026-02-23 to 2026-03-01")
    text, picture = listening.calls("message/send", touser="lin")
    assert picture.body["msgtype"] == "image"
    assert picture.body["image"]["media_id"] == {"$upload": "report:week:2026-03-01:en", "media": "image"}
    assert (picture.dedupe_key, picture.subject) == ("answer:r1:picture", text.subject)


def test_report_takes_day_week_and_month(ask: Ask) -> None:
    assert ask("/report day").startswith("Community, one day · 2026-03-01")
    assert ask("/report").startswith("Community, one week")
    assert ask("/报告 月报").startswith("Community, 30 days · 2026-01-31 to 2026-03-01")


# ── lead ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lead_is_claimed_and_done_by_command(ask: Ask, listening: Community) -> None:
    number = a_lead(listening)
    assert f"{number} · Mei · asked for 138****5678" in ask("/lead list", by="zhou")
    assert "Zhou has claimed it" in ask(f"/lead claim #{number}", by="zhou")
    assert ask(f"/线索 认领 {number}", by="lin") == "Zhou has claimed it"
    assert f"{number} · Mei" in ask("/lead", by="zhou")
    assert "Zhou has dealt with it" in ask(f"/lead done {number}", by="zhou")
    [lead] = listening.rows(Lead)
    assert (lead.state, lead.owner) == ("done", "zhou")
    assert ask("/lead mine", by="zhou") == "You have no open leads. /lead list shows those that wait."


def test_a_lead_is_handed_to_somebody(ask: Ask, listening: Community) -> None:
    number = a_lead(listening)
    assert ask(f"/lead hand {number} to nobody", by="zhou") == "There is no active staff member nobody."
    assert ask(f"/lead hand {number} zhou", by="zhou").startswith("“zhou” does not fit.")
    assert "Zhou has handed it over to Boss" in ask(f"/lead 转交 {number} 给 BOSS", by="zhou")
    [lead] = listening.rows(Lead)
    assert (lead.state, lead.recipients) == ("new", ["boss"])


def test_a_lead_of_others_is_as_unknown_as_one_that_is_not(ask: Ask, listening: Community) -> None:
    number = a_lead(listening)
    listening.add(Staff(user_id="wu", name="Wu"))
    assert ask(f"/lead claim {number}", by="wu") == f"There is no lead {number}."
    assert ask("/lead list", by="wu") == "No lead is waiting."


# ── tag ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_tags_are_put_on_and_taken_off(ask: Ask, listening: Community) -> None:
    assert ask("/tag add Mei 兴趣/口红 自定义", by="zhou") == "Mei #1 now has: 兴趣/口红, 自定义"
    [call] = listening.calls("externalcontact/mark_tag")
    assert call.body == {"userid": "zhou", "external_userid": "wmMEI", "add_tag": ["etLIP"]}
    tag = next(tag for tag in listening.rows(ContactTag) if tag.name == "兴趣/口红")
    assert (tag.source, tag.rule) == ("staff", "command")
    assert ask("/标签 去 #1 兴趣/口红", by="zhou") == "Mei #1 now has: 自定义"
    assert ask("/tag remove Mei 兴趣/口红", by="zhou") == "That contact does not have: 兴趣/口红"


def test_tagging_needs_a_tag(ask: Ask) -> None:
    assert ask("/tag add Mei", by="zhou").startswith("Something is missing.")


# ── who ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_shows_a_contact_without_phone_numbers(ask: Ask, listening: Community) -> None:
    def profile(work: Work) -> None:
        mei = work.session.get(ExternalContact, MEI)
        assert mei is not None
        mei.company, mei.lead_score, mei.phone_sealed = "花店 13812345678", 42, "sealed"

    listening.work(profile)
    listening.add(
        Message(message_id="m1", channel="archive", chat_id=GROUP, contact_id=MEI, text="hi", sent_at=START),
        Message(message_id="m0", channel="archive", contact_id=MEI, text="hi", sent_at=START - timedelta(days=60)),
    )
    told = ask("/who Mei", by="zhou")
    assert "Mei #1 wmMEI" in told
    assert "花店 138****5678" in told
    assert "13812345678" not in told
    assert "Stage: prospect · lead score 42 · 0 points" in told
    assert "Added by Zhou on 2026-02-20" in told
    assert "Groups: Spring" in told
    assert "Messages in 30 days: 1, the last one 2026-03-02" in told
    assert "Phone: on record, hidden here" in told


def test_staff_see_only_whom_they_follow(ask: Ask, listening: Community) -> None:
    listening.add(Staff(user_id="wu", name="Wu"))
    for name in ("Mei", "#1", "wmMEI", "Nobody", "#99", "#99999999999999999999", "%"):
        assert ask(f"/who {name}", by="wu") == f"I find no contact “{name}” among those you may see."
    assert "Mei #1" in ask("/who wmMEI", by="lin")


def test_a_name_that_fits_several_is_asked_back(ask: Ask, listening: Community) -> None:
    listening.add(ExternalContact(id=3, external_user_id="wmMEI2", name="Mei Mei", first_seen_at=START))
    listening.add(follow(ContactId(3), ZHOU))
    assert "Mei #1" in ask("/who Mei", by="zhou"), "the exact name wins"
    assert ask("/who me", by="zhou") == "“me” fits several: Mei Mei #3, Mei #1. Write the number."


def test_a_contact_is_found_by_the_remark_too(ask: Ask, listening: Community) -> None:
    def remark(work: Work) -> None:
        work.session.exec(select(FollowUser).where(FollowUser.contact_id == HAO)).one().remark = "花店老板"

    listening.work(remark)
    assert "Hao #2" in ask("/客户 花店", by="zhou")


# ── the others ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_groups_are_listed_with_owner_and_size(ask: Ask) -> None:
    assert ask("/groups") == "Spring · Zhou · 2 people\nVIP · Lin · 0 people\nteam · internal group"
    assert ask("/群 spr") == "Spring · Zhou · 2 people"
    assert ask("/群", by="zhou") == "Spring · Zhou · 2 people"
    assert ask("/群 x") == "No such group."


def test_status_tells_the_backlog_and_what_failed(ask: Ask, listening: Community) -> None:
    assert "No call has failed in 24 hours." in ask("/status")
    listening.add(
        OutboxRow(
            platform="wecom",
            endpoint="externalcontact/mark_tag",
            state="failed",
            errcode=84061,
            planned_at=START,
            ready_at=START,
            finished_at=START,
        )
    )
    assert "Failed in 24 hours: externalcontact/mark_tag (84061) × 1" in ask("/状态")


def test_mute_lasts_and_can_be_ended(ask: Ask, listening: Community) -> None:
    assert ask("/mute 2h", by="zhou") == "No alerts until 03-02 12:00; they go to your managers."
    assert ask("/免打扰", by="zhou").startswith("No alerts until 03-02 12:00")
    assert ask("/mute off", by="zhou") == "You get alerts again."
    assert ask("/mute 2", by="zhou") == "“2” does not fit. Write: /mute 30m|2h|1d|off"
    assert ask("/mute 999d", by="zhou").startswith("“999d” does not fit.")


def test_sops_are_shown_paused_and_resumed(ask: Ask, listening: Community) -> None:
    listening.add(
        SopState(sop="contact/welcome", digest="d"),
        SopState(sop="contact/spring", digest="d", broken="line 3: no"),
        SopVersion(sop="contact/welcome", digest="d", source="title: 欢迎", published_at=START),
        Run(sop="contact/welcome", digest="d", subject="contact:1", dedupe_key="1", state="waiting", started_at=START),
    )
    assert "contact/welcome · in force · 1 under way, 0 ended" in ask("/sop")
    assert "the file is broken: line 3: no" in ask("/流程 列表")
    assert "title: 欢迎" in ask("/sop show welcome")
    assert "paused" in ask("/sop pause contact/welcome")
    assert [state.sop for state in listening.rows(SopState) if state.paused] == ["contact/welcome"]
    assert "in force" in ask("/sop resume welcome")
    assert ask("/sop show x") == "There is no SOP x. /sop list shows them all."
    assert ask("/sop pause welcome", by="zhou") == "That is for community managers only."


def test_everything_is_in_the_audit_trail(ask: Ask, listening: Community) -> None:
    ask("/who Mei", by="zhou")
    ask("/lead claim 99", by="zhou")
    ask("/tag add Mei", by="zhou")
    trail = [(row.actor, row.action, row.detail["outcome"]) for row in listening.rows(AuditRow)]
    assert trail == [
        ("zhou", "command.who", "done"),
        ("zhou", "command.lead claim", "not found"),
        ("zhou", "command.tag", "not understood"),
    ]


def test_why_tells_what_was_done_what_was_not_and_from_what(ask: Ask, listening: Community) -> None:
    run = Run(
        sop="contact/spring",
        digest="d",
        subject="contact:1",
        dedupe_key="1",
        state="done",
        event_kind="contact.added",
        started_at=START,
    )
    listening.add(run)
    verdict = {"name": "contact.city", "passed": False, "wanted": {"in": ["上海", "杭州"]}, "found": None}
    listening.add(
        StepRun(run_id=1, position="0", name="send_welcome", outcome="done", at=START),
        StepRun(run_id=1, position="1", name="if", outcome="else", detail={"verdicts": [verdict]}, at=START),
        Suppression(
            sop="contact/welcome", subject="contact:1", rule="mutex", detail={"winner": "contact/spring"}, at=START
        ),
        ContactTag(
            contact_id=MEI,
            name="兴趣/口红",
            source="rule",
            rule="lipstick",
            evidence="口红多少钱 13812345678",
            added_at=START,
        ),
    )
    told = ask("/why Mei", by="zhou").splitlines()
    assert told == [
        "Mei #1",
        "contact/spring (version d) · done · began 03-02 10:00 after contact.added",
        "  send_welcome: done",
        "  if: else",
        "    ✗ contact.city: wanted is one of 上海, 杭州, found nothing",
        "contact/welcome · not done 03-02 10:00: gave way to contact/spring, which has priority",
        "Tag 兴趣/口红 · since 03-02 10:00 by lipstick · “口红多少钱 138****5678”",
    ]
    assert "contact/welcome" not in ask("/为什么 Mei contact/spring", by="zhou")
    assert ask("/why Hao", by="zhou") == "Hao #2\nNo event has ever led to an SOP here."
