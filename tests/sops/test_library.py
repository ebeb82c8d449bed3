"""Files, versions and what stays in force."""

import os

from bot.sop.library import load, schedules
from bot.storage.queries import sops as rows
from tests.sops.town import Town

GOOD = "sop: contact/{name}\ntitle: T\nsubject: contact\ntrigger: contact.added\nsteps: [{{do: note, text: {text}}}]\n"


def good(name: str, text: str = "done") -> str:
    return GOOD.format(name=name, text=text)


def test_a_bad_file_is_named_and_the_last_good_version_stays(town: Town) -> None:
    path = town.write("contact/a", good("a", "one"))
    town.write("contact/b", good("b"))
    library, _findings = load(town.folder)
    path.write_text(good("a", "two").replace("do: note", "do: nte"), encoding="utf-8")
    reloaded, findings = library.reload()
    assert [(finding.line, finding.code) for finding in findings] == [(5, "X106")]
    assert "note" in findings[0].message
    assert findings[0].path.endswith("contact/a.yaml")
    assert reloaded.get("contact/a") == library.get("contact/a")
    path.write_text(good("a", "three"), encoding="utf-8")
    assert reloaded.reload()[0].get("contact/a").source == good("a", "three")


def test_after_a_restart_a_broken_file_falls_back_to_what_was_published(town: Town) -> None:
    town.write("contact/a", good("a"))
    town.read()
    before = town.library.get("contact/a")
    town.write("contact/a", "sop: [")
    assert len(town.read()) == 1
    assert town.library.get("contact/a").digest == before.digest
    [state] = town.work(lambda work: [(one.sop, one.digest, one.broken[-20:]) for one in rows.states(work.session)])
    assert state[:2] == ("contact/a", before.digest)
    assert state[2]
    assert town.added() == 1


def test_an_unchanged_folder_is_the_same_library(town: Town) -> None:
    town.write("contact/a", good("a"))
    library, _findings = load(town.folder)
    assert library.reload()[0] is library
    os.utime(town.folder / "contact/a.yaml", ns=(1, 1))
    assert library.reload()[0] is not library


def test_a_file_that_is_gone_is_no_longer_in_force(town: Town) -> None:
    path = town.write("contact/a", good("a"))
    library, _findings = load(town.folder)
    path.unlink()
    assert library.reload()[0].find("contact/a") is None


def test_rules_and_media_are_not_sops(town: Town) -> None:
    town.write("rules/tagging", "rules: []")
    assert load(town.folder)[1] == []


def test_schedules_are_the_sops_with_a_date(town: Town) -> None:
    town.sop("group/evening", "steps: [{do: note, text: a}]\n", trigger='{cron: "0 20 * * *"}', subject="group")
    town.sop("contact/a", "steps: [{do: note, text: a}]\n")
    assert [sop.name for sop, _trigger in schedules(town.library)] == ["group/evening"]
