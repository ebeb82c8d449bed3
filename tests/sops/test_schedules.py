"""Dates that start SOPs."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.community import crowd_tasks
from bot.model.tables import CustomerGroup, ExternalContact, MassSend, OutboxRow, Run
from bot.sop import entering
from tests.sops.town import START, Town

EVENING = "when: {group.layer: vip}\nsteps: [{do: post_to_group, text: 晚上好}]\n"
EIGHT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_everybody_who_matches_enters_once(town: Town) -> None:
    town.sop(
        "contact/monday", "when: {contact.city: exists}\nsteps: [{do: note, text: a}]\n", trigger='{cron: "0 20 * * *"}'
    )
    town.clock.move_to(EIGHT)
    town.due("contact/monday", EIGHT)
    town.due("contact/monday", EIGHT)
    assert [run.subject for run in town.runs("contact/monday")] == ["contact:1"]


def test_a_large_audience_comes_in_batches(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "BATCH", 5)
    town.add(*(ExternalContact(id=n, external_user_id=f"wm{n}", first_seen_at=START) for n in range(10, 22)))
    town.sop("contact/all", "steps: [{do: note, text: a}]\n", trigger='{cron: "0 20 * * *"}')
    town.due("contact/all", EIGHT)
    assert len(town.runs("contact/all")) == 14


def test_a_moment_that_the_schedule_no_longer_has_starts_nothing(town: Town) -> None:
    town.sop("contact/all", "steps: [{do: note, text: a}]\n", trigger='{cron: "0 21 * * *"}')
    town.due("contact/all", EIGHT)
    assert town.rows(Run) == []


def test_groups_of_one_owner_share_one_task(town: Town) -> None:
    town.add(
        CustomerGroup(chat_id="wr2", name="Two", owner="zhou", layer="vip"),
        CustomerGroup(chat_id="wr3", name="Three", owner="lin", layer="vip"),
        CustomerGroup(chat_id="wr4", name="Four", owner="lin", layer="traffic"),
        CustomerGroup(chat_id="hook", name="Inside", kind="webhook", layer="vip"),
    )
    town.sop("group/evening", EVENING, trigger='{cron: "0 20 * * *"}', subject="group")
    town.clock.move_to(EIGHT)
    town.due("group/evening", EIGHT)
    tasks = {mass.sender: sorted(mass.chat_ids) for mass in town.rows(MassSend)}
    assert tasks == {"zhou": ["wr2", "wrGROUP"], "lin": ["wr3"]}
    assert [row.body["key"] for row in town.calls("webhook/send")] == ["hook"]


def test_contacts_of_one_staff_member_share_one_task_when_the_words_are_the_same(town: Town) -> None:
    same = "steps: [{do: send_mass, text: 上新了}]\n"
    town.sop("contact/news", same, trigger='{cron: "0 20 * * *"}')
    town.due("contact/news", EIGHT)
    [task] = town.calls("externalcontact/add_msg_template")
    assert task.body["external_userid"] == ["wmMEI", "wmHAO"]
    town.ended("sent")
    assert [town.path("contact/news", run) for run in (0, 1)] == [["send_mass:sent"]] * 2
    town.sop("contact/named", same.replace("上新了", '"{{ contact.name }}"'), trigger='{cron: "0 20 * * *"}')
    town.due("contact/named", EIGHT)
    assert len(town.calls("externalcontact/add_msg_template")) == 3


def test_contacts_who_come_one_after_the_other_share_a_task_as_long_as_it_has_room(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = "steps: [{wait: 1h}, {do: send_mass, text: 上新了}]\n"
    town.sop("contact/news", later, trigger='{cron: "0 20 * * *"}')
    town.due("contact/news", EIGHT)
    town.advance(timedelta(hours=1))
    [task] = town.calls("externalcontact/add_msg_template")
    assert (task.body["external_userid"], len(task.note["steps"])) == (["wmMEI", "wmHAO"], 2)
    assert task.ready_at == town.clock.now() + crowd_tasks.GATHER
    monkeypatch.setattr(crowd_tasks, "MOST", 1)
    town.sop("contact/more", later.replace("上新了", "还有"), trigger='{cron: "0 20 * * *"}')
    town.due("contact/more", EIGHT)
    town.advance(timedelta(hours=1))
    *_, full, open_ = town.calls("externalcontact/add_msg_template")
    assert (full.body["external_userid"], open_.body["external_userid"]) == (["wmMEI"], ["wmHAO"])
    assert full.ready_at == town.clock.now() < open_.ready_at


def test_groups_that_wait_until_the_evening_still_share_one_task(town: Town) -> None:
    town.add(CustomerGroup(chat_id="wr2", name="Two", owner="zhou", layer="vip"))
    body = 'steps: [{wait_until: {time: "20:00"}}, {do: post_to_group, text: 晚上好}]\n'
    town.sop("group/evening", body, trigger='{cron: "0 12 * * *"}', subject="group")
    noon = EIGHT - timedelta(hours=8)
    town.clock.move_to(noon)
    town.due("group/evening", noon)
    town.advance(timedelta(hours=8))
    [mass] = town.rows(MassSend)
    assert sorted(mass.chat_ids) == ["wr2", "wrGROUP"]
    assert len([row for row in town.rows(OutboxRow) if row.state == "planned"]) == 1
