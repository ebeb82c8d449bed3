"""Leads: from words and deeds to a card, its answers, and whoever is asked when nobody answers."""

from typing import Any

import pytest

from bot.community import alerts, leads, scoring
from bot.model.events import Tracked
from bot.model.ids import UserId
from bot.model.tables import Alert, AuditRow, ExternalContact, InboxRow, Lead, ScoreEntry, Staff, TimerRow
from bot.settings import RoleSettings
from bot.storage.work import Work
from tests.community.people import BOSS, GROUP, HAO, LIN, MEI, ZHOU, Community, follow


def lead(community: Community) -> Lead:
    [found] = community.rows(Lead)
    return found


def score(community: Community, contact_id: int = MEI) -> int:
    return {contact.id: contact.lead_score for contact in community.rows(ExternalContact)}[contact_id]


def raise_alert(community: Community, kind: str = "loss", to: tuple[str, ...] = ("event_staff",), **what: Any) -> None:
    community.work(lambda work: alerts.alert_staff(work, kind=kind, reason="gone", to=to, **what))


def answer_sends(community: Community) -> None:
    """WeCom takes every card and gives the code that changes it."""
    for row in community.calls("message/send", msgtype="template_card"):
        alert = next(alert for alert in community.rows(Alert) if alert.task_id == row.note["alert"])
        if not alert.response_code:
            community.finish(row, {"errcode": 0, "response_code": f"sent-{alert.task_id}"})


def test_words_add_up_until_they_cross_the_line(community: Community) -> None:
    community.say("口红多少钱")
    assert score(community) == 30
    assert community.rows(Lead) == []
    community.say("色号有吗")
    assert score(community) == 60
    found = lead(community)
    assert (found.kind, found.state, found.score) == ("opportunity", "new", 60)
    assert "多少钱" in found.reason
    assert found.recipients == ["zhou", "lin", "boss"]
    assert community.cards()[0]["touser"] == "zhou|lin|boss"


def test_the_same_message_scores_once(community: Community) -> None:
    community.say("多少钱", message_id="one")
    community.say("多少钱", message_id="one")
    assert score(community) == 30
    assert len(community.rows(ScoreEntry)) == 1


def test_behaviour_scores_once_too(community: Community) -> None:
    event = Tracked(at=community.clock.now(), name="form.submitted", event_id="f1", external_user_id="wmHAO")  # type: ignore[arg-type]
    community.handle(event)
    community.handle(event)
    assert score(community, HAO) == 40


def test_two_contacts_in_the_same_second_are_two_leads(community: Community) -> None:
    community.say("怎么买", MEI)
    community.say("怎么买", HAO)
    assert {found.contact_id for found in community.rows(Lead)} == {MEI, HAO}


def test_points_beyond_the_line_do_not_qualify_again(community: Community) -> None:
    community.say("怎么买")
    community.say("我想订")
    assert len([row for row in community.rows(InboxRow) if row.kind == "lead.qualified"]) == 1
    assert len(community.cards()) == 1


def test_scores_need_a_contact_and_may_fall(community: Community) -> None:
    def fall(work: Work) -> None:
        scoring.add_score(work, MEI, -20, rule="x", evidence="", key="a", line=60)
        scoring.add_score(work, MEI, 75, rule="x", evidence="", key="b", line=60)
        scoring.add_score(work, MEI, 10, rule="x", evidence="", key="c", line=60)

    community.work(fall)
    assert score(community) == 65
    assert len([row for row in community.rows(InboxRow) if row.kind == "lead.qualified"]) == 1


def test_a_loss_alert_is_a_lead_by_the_same_road(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU, to=("event_staff", "event_staff_managers"))
    assert lead(community).kind == "loss"
    [sent] = community.cards()
    assert sent["touser"] == "zhou|lin|boss"
    assert "Mei" in sent["template_card"]["main_title"]["title"]
    assert sent["template_card"]["main_title"]["desc"] == "gone"


def test_an_open_lead_is_not_opened_twice_but_newcomers_are_told(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    assert len(community.cards()) == 1
    raise_alert(community, contact_id=MEI, user_id=LIN)
    assert [sent["touser"] for sent in community.cards()] == ["zhou", "lin"]
    assert lead(community).recipients == ["zhou", "lin"]
    raise_alert(community, "risk", contact_id=MEI, user_id=ZHOU)
    assert len(community.rows(Lead)) == 2


def test_an_alert_about_nobody_is_a_message(community: Community) -> None:
    raise_alert(community, chat_id=GROUP, to=("group_owner",))
    assert community.texts() == [("zhou", "gone")]
    assert community.rows(Lead) == []


def test_claiming_is_seen_on_every_card(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    raise_alert(community, contact_id=MEI, user_id=LIN)
    answer_sends(community)
    first, second = community.cards()
    community.press(first, "claim", ZHOU, "pressed")
    found = lead(community)
    assert (found.state, found.owner, found.claimed_at) == ("claimed", "zhou", community.clock.now())
    updates = {tuple(update["userids"]): update for update in community.updates()}
    assert updates[("zhou",)]["response_code"] == "pressed"
    assert updates[("lin",)]["response_code"] == f"sent-{second['template_card']['task_id']}"
    keys = [button["key"] for button in updates[("lin",)]["template_card"]["button_list"]]
    assert keys == ["done", "hand_over", "ignore"]
    assert "Zhou" in updates[("lin",)]["template_card"]["sub_title_text"]


def test_who_presses_second_is_told_who_was_first(community: Community) -> None:
    raise_alert(community, contact_id=MEI, to=("user:zhou", "user:lin"))
    card = community.cards()[0]
    community.press(card, "claim", ZHOU)
    community.press(card, "claim", LIN)
    assert lead(community).owner == "zhou"
    assert community.texts() == [("lin", "Zhou has claimed it")]


def test_a_double_press_acts_once(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    card = community.cards()[0]
    community.press(card, "claim", ZHOU, "a")
    community.press(card, "claim", ZHOU, "b")
    assert [row.action for row in community.rows(AuditRow)] == ["lead.claim"]


def test_only_the_claimer_or_their_manager_ends_a_claimed_lead(community: Community) -> None:
    community.add(Staff(user_id="hao", name="Hao", departments=[2], main_department=2))
    raise_alert(community, contact_id=MEI, to=("user:zhou", "user:hao", "user:lin"))
    card = community.cards()[0]
    community.press(card, "claim", ZHOU)
    community.press(card, "done", UserId("hao"))
    assert lead(community).state == "claimed"
    community.press(card, "done", LIN)
    assert (lead(community).state, lead(community).owner) == ("done", "zhou")


@pytest.mark.parametrize(("button", "state"), [("done", "done"), ("ignore", "ignored")])
def test_a_lead_can_be_closed_at_once_and_the_score_begins_anew(community: Community, button: str, state: str) -> None:
    community.say("怎么买")
    card = community.cards()[0]
    community.press(card, button, ZHOU)
    found = lead(community)
    assert (found.state, found.owner, found.closed_at) == (state, "zhou", community.clock.now())
    assert score(community) == 0
    assert community.updates()[0]["template_card"]["replace_text"]
    community.press(card, "claim", LIN)
    assert lead(community).state == state
    community.say("我想订")
    assert len(community.rows(Lead)) == 2


def test_handing_over_goes_up_and_starts_the_clock_again(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    community.press(community.cards()[0], "claim", ZHOU)
    community.press(community.cards()[0], "hand_over", ZHOU)
    found = lead(community)
    assert (found.state, found.owner, found.recipients) == ("new", None, ["lin"])
    assert community.cards()[1]["touser"] == "lin"
    assert "Zhou" in community.cards()[1]["template_card"]["sub_title_text"]
    community.press(community.cards()[0], "claim", ZHOU)  # the old card is settled
    assert community.texts() == [("zhou", "Zhou has handed it over to Lin")]
    community.pass_time(31)
    assert community.cards()[2]["touser"] == "boss"
    community.press(community.cards()[2], "claim", BOSS)
    assert lead(community).owner == "boss"


def test_there_may_be_nobody_above(community: Community) -> None:
    community.settings.roles = RoleSettings()
    raise_alert(community, contact_id=MEI, to=("user:boss",))
    community.press(community.cards()[0], "hand_over", BOSS)
    assert lead(community).state == "new"
    assert community.texts()[0][0] == "boss"


def test_a_command_answers_without_a_card(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    answer_sends(community)
    acted = community.work(lambda work: leads.act(work, leads.get(work, 1), "claim", ZHOU))
    assert acted.done
    assert "Zhou" in acted.sentence
    assert community.updates()[0]["response_code"].startswith("sent-")


def test_nobody_claims_so_it_goes_up_to_the_top_and_stops(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    community.pass_time(31)
    assert [sent["touser"] for sent in community.cards()] == ["zhou", "lin"]
    assert "Zhou" in community.cards()[1]["template_card"]["sub_title_text"]
    community.pass_time(30)
    assert community.cards()[2]["touser"] == "boss"
    assert "Zhou, Lin" in community.cards()[2]["template_card"]["sub_title_text"]
    community.pass_time(600)
    assert len(community.cards()) == 3
    assert [row.action for row in community.rows(AuditRow)] == ["lead.escalate", "lead.escalate", "lead.unclaimed"]
    assert not [row for row in community.rows(TimerRow) if row.state == "waiting"]


def test_a_claimed_lead_is_not_passed_up(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    community.press(community.cards()[0], "claim", ZHOU)
    community.pass_time(31)
    assert len(community.cards()) == 1


def test_a_manager_who_had_the_first_card_is_asked_by_name(community: Community) -> None:
    community.say("怎么买")
    community.pass_time(31)
    assert [sent["touser"] for sent in community.cards()] == ["zhou|lin|boss", "lin"]
    assert lead(community).recipients == ["zhou", "lin", "boss"]


def test_an_absent_manager_is_passed_over(community: Community) -> None:
    def leave(work: Work) -> None:
        staff = work.session.get(Staff, "lin")
        assert staff is not None
        staff.status = 5

    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    community.work(leave)
    community.pass_time(31)
    assert community.cards()[1]["touser"] == "boss"


def test_staff_nobody_knows_escalate_to_the_community_manager(bare: Community) -> None:
    bare.add(follow(MEI, UserId("stranger")))
    raise_alert(bare, contact_id=MEI, user_id=UserId("stranger"))
    assert bare.cards()[0]["touser"] == "stranger"
    bare.pass_time(31)
    assert bare.cards()[1]["touser"] == "lin"


def test_a_lead_that_is_gone_is_a_harmless_press(community: Community) -> None:
    raise_alert(community, contact_id=MEI, user_id=ZHOU)
    community.work(lambda work: work.session.delete(leads.get(work, 1)))
    community.press(community.cards()[0], "claim", ZHOU)
    assert community.texts()[0][0] == "zhou"
    community.pass_time(31)
