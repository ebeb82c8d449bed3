"""Taking back what a rule gave."""

from datetime import timedelta

from bot.model.tables import AuditRow, ContactTag, ExternalContact, ScoreEntry, StaffTask
from bot.sop.undo import Undoing, find, undo
from tests.sops.town import MEI, START, Town

GIVES = """
steps:
  - {do: add_tag, tags: [渠道/春季]}
  - {do: add_score, points: 10}
  - {do: create_task, text: 打电话}
  - {do: message_staff, text: 来客了}
"""


def given(town: Town) -> None:
    town.sop("contact/gives", GIVES)
    town.added()


def taken_back(town: Town, rule: str = "contact/gives") -> Undoing:
    return town.work(lambda work: undo(work, rule, START, actor="lin"))


def test_tags_points_and_tasks_are_taken_back_at_wecom_too(town: Town) -> None:
    given(town)
    told = taken_back(town)
    assert (len(told.tags), len(told.scores), len(told.tasks)) == (1, 1, 1)
    [tag] = town.rows(ContactTag)
    assert tag.removed_at is not None
    marks = [row.body for row in town.calls("externalcontact/mark_tag")]
    assert [sorted({"add_tag", "remove_tag"} & set(body)) for body in marks] == [["add_tag"], ["remove_tag"]]
    [mei] = [one for one in town.rows(ExternalContact) if one.id == MEI]
    assert mei.lead_score == 0
    assert [task.state for task in town.rows(StaffTask)] == ["withdrawn"]


def test_what_cannot_be_taken_back_is_listed(town: Town) -> None:
    given(town)
    assert [(one.what, one.count) for one in taken_back(town).lasting] == [("message_staff (done)", 1)]


def test_doing_it_again_takes_back_nothing_more_and_it_is_in_the_audit_trail(town: Town) -> None:
    given(town)
    taken_back(town)
    before = len(town.rows(ScoreEntry)), len(town.calls("externalcontact/mark_tag"))
    assert taken_back(town).is_empty
    assert (len(town.rows(ScoreEntry)), len(town.calls("externalcontact/mark_tag"))) == before
    [audited] = town.rows(AuditRow)
    assert (audited.actor, audited.action, audited.target) == ("lin", "undo", "sop:contact/gives")
    assert audited.detail == {"since": START.isoformat(), "tags": 1, "scores": 1, "tasks": 1}


def test_what_was_given_before_or_by_another_rule_stays(town: Town) -> None:
    town.add(ContactTag(contact_id=MEI, name="兴趣/口红", source="rule", rule="lipstick", added_at=START))
    given(town)
    town.clock.move_to(START + timedelta(hours=2))
    later = town.work(lambda work: find(work, "contact/gives", START + timedelta(hours=1)))
    assert later.is_empty
    taken_back(town, "lipstick")
    standing = {tag.name for tag in town.rows(ContactTag) if tag.removed_at is None}
    assert standing == {"渠道/春季"}


def test_a_dry_run_changes_nothing(town: Town) -> None:
    given(town)
    told = town.work(lambda work: find(work, "contact/gives", START))
    assert len(told.tags) == 1
    assert town.rows(AuditRow) == []
    assert town.rows(ContactTag)[0].removed_at is None


def test_a_tag_that_is_given_again_can_be_taken_back_again(town: Town) -> None:
    given(town)
    taken_back(town)
    town.clock.move_to(START + timedelta(days=1))
    town.added(code="again")
    assert len(taken_back(town).tags) == 1
