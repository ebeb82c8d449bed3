"""Why, and why not."""

from bot.sop.trace import explain
from tests.sops.town import HAO, MEI, Town


def test_what_happened_and_what_did_not_can_be_told(town: Town) -> None:
    town.sop("contact/a", "steps: [{if: {contact.city: 上海}, then: [{do: note, text: hi}]}]\n")
    town.sop("contact/b", "when: {contact.city: 北京}\nsteps: [{do: note, text: hi}]\n")
    town.added()
    told = town.work(lambda work: explain(work.session, MEI))
    [run] = told.runs
    assert [(step.name, step.outcome) for step in run.steps] == [("if", "then"), ("note", "done")]
    assert run.steps[0].verdicts == [{"name": "contact.city", "passed": True, "wanted": "上海", "found": "上海"}]
    [missed] = told.not_done
    assert (missed.sop, missed.rule) == ("contact/b", "when")
    assert missed.verdicts == [{"name": "contact.city", "passed": False, "wanted": "北京", "found": "上海"}]


def test_who_was_never_asked_has_nothing_to_tell(town: Town) -> None:
    told = town.work(lambda work: explain(work.session, HAO, "contact/a"))
    assert (list(told.runs), list(told.not_done)) == ([], [])
