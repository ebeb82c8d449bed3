"""What lint finds: the right code on the right line, and nothing on what is shipped."""

from pathlib import Path

import pytest

from bot.settings import HOUSE
from bot.sop.codes import CODES
from bot.sop.findings import Finding
from bot.sop.lint import lint

SOPS, MEDIA = HOUSE / "sops", HOUSE / "sops" / "media"
HEAD = "sop: {name}\ntitle: T\nsubject: {subject}\ntrigger: {trigger}\n"
ALL = frozenset({"wecom", "official", "official.custom_message"})


def findings(
    folder: Path,
    body: str,
    *,
    name: str = "contact/t",
    subject: str = "contact",
    trigger: str = "contact.added",
    able: frozenset[str] | None = ALL,
) -> list[Finding]:
    """What lint says of an SOP; its body begins on line 5."""
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD.format(name=name, subject=subject, trigger=trigger) + body, encoding="utf-8")
    return lint([folder], folder, MEDIA, able)


def test_what_is_shipped_is_clean() -> None:
    assert lint([SOPS], SOPS, MEDIA, ALL) == []


STEPS = "steps:\n"
NOTE = "steps: [{do: note, text: a}]\n"
SPLIT = "steps:\n  - split: {A: {weight: 1, steps: [{exit: a}]}, B: {weight: 1, steps: [{exit: b}]}}\n"
BAD = [
    ("steps: [", "X100", 5),
    ("steps: [{do: note, text: a}]\nsteps: []\n", "X100", 6),
    ("colour: red\n" + NOTE, "X101", 5),
    ("steps: [{do: note, txt: a}]\n", "X101", 5),
    ("", "X102", 1),
    ("steps: [{do: note}]\n", "X102", 5),
    ("steps: []\n", "X103", 5),
    ("priority: urgent\n" + NOTE, "X103", 5),
    ("priority: true\n" + NOTE, "X103", 5),
    ("reentry: 30d\n" + NOTE, "X103", 5),
    ("holdout: lots\n" + NOTE, "X103", 5),
    ("holdout: 120%\n" + NOTE, "X103", 5),
    ("rollout: {percent: -1}\n" + NOTE, "X103", 5),
    ("rollout: 5\n" + NOTE, "X103", 5),
    ("when: 上海\n" + NOTE, "X103", 5),
    ("steps: [{goal: done}]\n", "X103", 5),
    ("steps: [{wait_until: {weekdays: [monday]}}]\n", "X103", 5),
    ('steps: [{wait_until: {outside: ["22:00", "22:00"]}}]\n', "X103", 5),
    ("steps: [{do: add_tag, tags: 春季}]\n", "X103", 5),
    ("steps: [{do: add_tag, tags: [春季]}]\n", "X103", 5),
    ("steps: [{do: alert_staff, text: a, to: everybody}]\n", "X103", 5),
    ("steps: [{do: send_mass, text: a, attach: [{image: a.exe}]}]\n", "X103", 5),
    ("steps: [{do: send_mass, text: a, attach: [{image: ../a.png}]}]\n", "X103", 5),
    ("steps: [{do: send_mass, text: a, attach: [{image: welcome.png, file: a.pdf}]}]\n", "X103", 5),
    ("steps: [{do: send_mass, text: a, attach: [{link: {title: a, url: 'javascript:1'}}]}]\n", "X103", 5),
    ("steps: [{do: invite_to_group, text: a}]\n", "X103", 5),
    ("steps: [{wait: 10}]\n", "X104", 5),
    ("steps: [{wait: 10 minutes}]\n", "X104", 5),
    ("steps: [{wait: 0m}]\n", "X104", 5),
    ("reentry: {after: soon}\n" + NOTE, "X104", 5),
    ("goal: {event: order.paid, within: 7}\n" + NOTE, "X104", 5),
    ("steps: [{do: create_task, text: a, within: 2}]\n", "X104", 5),
    ("steps: [{dos: note}]\n", "X105", 5),
    ("steps: [note]\n", "X105", 5),
    ("steps: [{do: note, text: a, wait: 3d}]\n", "X105", 5),
    ("steps: [{do: send_welcom, text: a}]\n", "X106", 5),
    ("when: {contact.town: 上海}\n" + NOTE, "X107", 5),
    ("when:\n  all:\n    - contact.city: 上海\n    - contact.cty: 上海\n" + NOTE, "X107", 8),
    ("when: {contact.city: {begins: 上}}\n" + NOTE, "X108", 5),
    ("when: {contact.points: {gte: ten}}\n" + NOTE, "X109", 5),
    ("goal: {event: message.recieved, within: 7d}\n" + NOTE, "X111", 5),
    ("steps: [{wait_for: {event: member.join, within: 7d}}]\n", "X111", 5),
    ("steps: [{wait_until: {date: tomorrow}}]\n", "X112", 5),
    ("steps: [{wait_until: {time: 8}}]\n", "X112", 5),
    ("steps: [{branch: [{when: {contact.city: 上海}, steps: [{exit: a}]}]}]\n", "X113", 5),
    ("steps:\n  - exit: a\n  - {do: note, text: b}\n", "X114", 7),
    ("steps:\n  - goal: true\n  - {do: note, text: b}\n", "X114", 7),
    ("rollout: {percent: 5, stop_loss: {metric: lost_rate}}\n" + NOTE, "X101", 5),
    ("rollout: {percent: 5, stop_loss: {event: contact.lost}}\n" + NOTE, "X102", 5),
    ("rollout: {percent: 5, stop_loss: {event: lead.qualified, above: 2%}}\n" + NOTE, "X118", 5),
    ("rollout: {stages: [5, 1]}\n" + NOTE, "X103", 5),
    ("rollout: {stages: [1, 5], percent: 3}\n" + NOTE, "X103", 5),
    ("frequency_cap: {count: 0, per: 1d}\n" + NOTE, "X103", 5),
    ("frequency_cap: {count: 1}\n" + NOTE, "X102", 5),
    ("frequency_cap: {pigeon: {count: 1, per: 1d}}\n" + NOTE, "X103", 5),
    ("dedupe: often\n" + NOTE, "X104", 5),
    ("purpose: fun\n" + NOTE, "X103", 5),
    (SPLIT + "    winner: {}\n", "X103", 7),
    (SPLIT + "    winner: {within: 7d}\n", "X102", 7),
    (SPLIT + "    winner: {event: order.paid, min_sample: 0}\n", "X103", 7),
    (SPLIT + "    winner: {event: card.pressed}\n", "X118", 6),
    ("steps: [{branch_event: {event: order.paid}}]\n", "X102", 5),
    ("steps: [{branch_event: {event: order.paid, since: offer}, then: [{exit: a}]}]\n", "X126", 5),
    ("steps: [{branch_event: {event: lead.qualified}, then: [{exit: a}]}]\n", "X118", 5),
    ("steps: [{branch_result: offer, ways: {sent: [{exit: a}]}, default: [{exit: b}]}]\n", "X126", 5),
    ("steps: [{branch_result: offer, ways: {sent: [{exit: a}]}}]\n", "X113", 5),
    ("steps: [{branch_result: offer, ways: {lost: [{exit: a}]}, default: [{exit: b}]}]\n", "X101", 5),
    ("steps: [{id: a, do: note, text: a}, {id: a, do: note, text: a}]\n", "X126", 5),
    ("steps: [{wait_until: {workdays_only: sometimes}}]\n", "X103", 5),
    ("steps: [{do: post_to_group, text: a}]\n", "X116", 5),
    ("steps: [{do: reply, text: a}]\n", "X116", 5),
    ("when: {staff.open_tasks: 1}\n" + NOTE, "X117", 5),
    ("steps: [{wait_for: {event: card.pressed, within: 1d}}]\n", "X118", 5),
    ("steps: [{do: note, text: '{{ contact.nam }}'}]\n", "X120", 5),
    ("steps: [{do: note, text: '{{ who.name }}'}]\n", "X120", 5),
    ("steps: [{do: note, text: '{{ contact.name'}]\n", "X120", 5),
    ("steps: [{do: note, text: '{{ contact.name | shout }}'}]\n", "X120", 5),
    ("steps: [{do: note, text: '{% for x in contact %}{% endfor %}'}]\n", "X120", 5),
    ("steps: [{do: note, text: '{{ contact.name.__class__() }}'}]\n", "X120", 5),
    ("steps: [{do: send_welcome, text: " + "好" * 1334 + "}]\n", "X121", 5),
    ("steps: [{do: send_mass, text: a, attach: [{image: nowhere.png}]}]\n", "X122", 5),
    ("steps: [{split: {A: {weight: 1, steps: [{exit: a}]}}}]\n", "X124", 5),
    ("steps: [{split: {A: {weight: 0, steps: [{exit: a}]}, B: {weight: 1, steps: [{exit: b}]}}}]\n", "X124", 5),
    ("steps: [{do: start_sop, sop: contact/u}]\n", "X125", 5),
]


@pytest.mark.parametrize(("body", "code", "line"), BAD)
def test_a_fault_has_its_code_and_its_line(tmp_path: Path, body: str, code: str, line: int) -> None:
    found = findings(tmp_path, body)
    assert (code, line) in [(one.code, one.line) for one in found], found


def test_heads_that_do_not_fit(tmp_path: Path) -> None:
    def codes(**head: str) -> list[str]:
        return [one.code for one in findings(tmp_path, NOTE, **head)]  # type: ignore[arg-type]

    assert codes(name="group/t") == ["X110"]
    (tmp_path / "group/t.yaml").unlink()
    assert codes(trigger="contact.ad") == ["X111"]
    assert codes(trigger="order.paid") == ["X111"]
    assert codes(trigger="{event: order.paid}") == []
    assert codes(trigger="{cron: 0 20 * *}") == ["X112"]
    assert codes(trigger="{cron: 0 20 * * *, interval: 2h}") == ["X111"]
    assert codes(trigger="group.changed") == ["X118"]


def test_an_action_that_no_adapter_can_do(tmp_path: Path) -> None:
    body = "steps: [{do: send_official, text: a}]\n"
    [found] = findings(tmp_path, body, able=frozenset({"wecom"}))
    assert found.code == "X123"
    assert findings(tmp_path, body, able=None) == []


def test_a_hint_names_what_was_meant(tmp_path: Path) -> None:
    [found] = findings(tmp_path, "steps: [{do: send_welcom, text: a}]\n")
    assert "send_welcome" in found.message


def test_a_file_that_repeats_itself_is_refused(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 8)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    [found] = findings(tmp_path, bomb)
    assert found.code == "X100"
    assert findings(tmp_path, "a: &a [*a]\n")


def test_every_code_is_explained() -> None:
    assert {code for _body, code, _line in BAD} <= set(CODES)


def test_a_finding_reads_as_file_line_code_and_message(tmp_path: Path) -> None:
    [found] = findings(tmp_path, "steps: [{do: nothing}]\n")
    assert str(found).startswith(f"{tmp_path}/contact/t.yaml:5: X106 ")


@pytest.mark.parametrize(
    ("body", "trigger"),
    [
        ("steps: [{do: send_official_mass, text: a}]\n", "contact.added"),
        ("steps: [{wait: 1d}, {do: send_official_mass, text: a}]\n", '{cron: "0 9 * * *"}'),
        ("steps: [{do: set_field, field: a, value: b}]\n", '{cron: "0 9 * * *"}'),
        ("steps: [{do: add_points, points: 1}]\n", '{cron: "0 9 * * *"}'),
        ("steps: [{do: remind_sender, of: x}, {id: x, do: note, text: a}]\n", '{cron: "0 9 * * *"}'),
    ],
)
def test_what_an_action_cannot_do_here_is_refused_in_a_sentence(tmp_path: Path, body: str, trigger: str) -> None:
    subject = "contact" if "mass" in body else "staff"
    found = findings(tmp_path, body, name=f"{subject}/t", subject=subject, trigger=trigger, able=None)
    assert "X116" in [one.code for one in found]


@pytest.mark.parametrize(
    ("length", "more", "counts"),
    [(66, "", 0), (67, "", 2), (130, ", most_parts: 2", 0), (131, ", most_parts: 2", 3)],
)
def test_a_short_message_is_counted_with_its_signature(tmp_path: Path, length: int, more: str, counts: int) -> None:
    """70 characters are one message, and each part of a longer one has 67."""
    step = f"steps: [{{do: send_sms, template: T, text: {'好' * length}{more}}}]\n"
    path = tmp_path / "contact" / "t.yaml"
    path.parent.mkdir()
    path.write_text(HEAD.format(name="contact/t", subject="contact", trigger="contact.added") + step, encoding="utf-8")
    found = lint([path], tmp_path, MEDIA, signature="签名")
    assert [one.code for one in found] == ["X121"] * bool(counts)
    assert all(f" {counts} " in one.message for one in found)


def test_the_values_of_a_short_message_count_as_long_as_they_are_known(tmp_path: Path) -> None:
    step = "{{do: send_sms, template: T, text: '{{who}}{}', values: {{who: '{}{{{{ contact.name }}}}'}}}}"
    for known, codes in ((4, []), (5, ["X121"])):
        found = findings(tmp_path, f"steps: [{step.format('好' * 64, '好' * known)}]\n", able=None)
        assert [one.code for one in found] == codes
