"""Consent, quiet hours, caps, the same words once; and that everything that was due is accounted for."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from bot.community import policy
from bot.model.events import CallFinished
from bot.model.ids import CallId
from bot.model.tables import ExternalContact, MassCount, OutboxRow, Touch
from bot.settings import CapSettings, ReachSettings, Settings
from bot.sop import runner
from bot.storage.queries.tally import Tally, tally
from bot.storage.work import Work
from tests.sops.town import HAO, MEI, Town

SEND = "steps: [{do: send_mass, text: 上新}]\n"
LATER = "steps: [{wait: 1h}, {do: send_mass, text: 上新}]\n"
HOUR = timedelta(hours=1)


def agree(town: Town, consent: bool | None) -> None:
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "marketing_consent", consent))


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The rules of the corp, to be changed by a test."""
    given: dict[str, Any] = {}

    def of(_session: object) -> Settings:
        return Settings.model_construct(reach=ReachSettings(**given))

    monkeypatch.setattr(policy, "of", of)
    return given  # type: ignore[return-value]


def test_whoever_refused_is_left_alone(town: Town) -> None:
    agree(town, False)
    town.sop("contact/t", SEND)
    town.added()
    assert town.path("contact/t") == ["send_mass:suppressed"]
    assert town.suppressed("contact/t") == ["consent"]
    assert not town.rows(OutboxRow)


def test_what_was_asked_for_needs_no_consent(town: Town) -> None:
    agree(town, False)
    town.sop("contact/t", "purpose: service\n" + SEND)
    town.added()
    assert town.path("contact/t") == ["send_mass:planned"]


@pytest.mark.usefixtures("rules")
def test_silence_is_consent_unless_a_yes_is_wanted(town: Town, rules: dict[str, Any]) -> None:
    town.sop("contact/t", SEND)
    town.added()
    rules["needs_consent"] = True
    town.sop("contact/u", SEND.replace("上新", "又上新"))
    town.added(HAO)
    assert town.path("contact/t", 0) == ["send_mass:planned"]
    assert town.suppressed("contact/u") == ["consent"]


def test_nobody_is_written_to_at_night_but_in_answer(town: Town) -> None:
    town.advance(12 * HOUR)  # 22:00 in Shanghai
    town.sop("contact/t", SEND)
    town.sop("contact/u", LATER)
    town.added()
    town.advance(2 * HOUR)
    assert town.path("contact/t") == ["send_mass:planned"]
    assert town.path("contact/u") == ["wait:passed", "send_mass:suppressed"]
    assert town.suppressed("contact/u") == ["quiet hours"]


def test_an_sop_may_not_write_more_often_than_it_says(town: Town) -> None:
    town.sop(
        "contact/t",
        "frequency_cap: {count: 2, per: 7d}\nsteps:\n  - wait: 1h\n  - {do: send_mass, text: '{{ now | date }}'}\n",
    )
    for _day in range(4):
        town.added()
        town.advance(timedelta(days=1))
    assert town.suppressed("contact/t") == ["frequency cap", "frequency cap"]
    town.advance(timedelta(days=7))
    town.added()
    town.advance(HOUR)
    assert town.path("contact/t")[-1] == "send_mass:planned"


def test_caps_go_by_channel_and_over_all(town: Town, rules: dict[str, Any]) -> None:
    rules["caps"] = {"all": CapSettings(count=2, per_hours=24), "mass": CapSettings(count=1, per_hours=24)}
    both = "steps: [{wait: 1h}, {do: send_mass, text: a}, {do: send_mass, text: b}, {do: send_official, text: c}"
    town.sop("contact/t", both + ", {do: send_official, text: d}]\n")
    town.added()
    town.advance(HOUR)
    assert town.path("contact/t")[1:] == [
        "send_mass:planned",
        "send_mass:suppressed",
        "send_official:planned",
        "send_official:suppressed",
    ]


def test_what_failed_counts_for_nothing(town: Town) -> None:
    town.sop("contact/t", "frequency_cap: {count: 1, per: 7d}\n" + LATER)
    town.added()
    town.advance(HOUR)
    town.ended("failed", errcode=41048)
    assert not town.rows(Touch)
    town.added()
    town.advance(HOUR)
    assert town.path("contact/t")[-1] == "send_mass:planned"


def test_the_same_words_are_said_once_a_day_whoever_says_them(town: Town) -> None:
    town.sop("contact/t", LATER)
    town.sop("contact/u", LATER)
    town.added()
    town.advance(HOUR)
    assert town.suppressed("contact/u") == ["same content"]
    town.advance(timedelta(days=1))
    town.added()
    town.advance(HOUR)
    assert town.path("contact/t")[-1] == "send_mass:planned"


def test_nobody_gets_more_mass_sends_than_the_platform_delivers(town: Town, rules: dict[str, Any]) -> None:
    """Not even in answer: the platform would drop it without a word. What failed does not count."""
    rules["mass_cap"] = "day"
    town.sop("contact/t", "purpose: service\n" + SEND)
    town.sop("contact/u", SEND.replace("上新", "又上新"))
    town.added()
    assert town.path("contact/t") == ["send_mass:planned"]
    assert town.suppressed("contact/u") == ["mass send cap"]
    town.added(HAO)
    assert town.path("contact/t") == ["send_mass:planned"]
    town.ended("failed", errcode=41048)
    town.advance(HOUR)
    town.added()
    town.added(HAO)
    assert [town.path("contact/t", n) for n in (-2, -1)] == [["send_mass:planned"]] * 2
    town.advance(timedelta(days=1))
    town.added()
    assert town.path("contact/t") == ["send_mass:planned"]


def test_what_was_held_back_for_another_reason_does_not_count(town: Town, rules: dict[str, Any]) -> None:
    rules["mass_cap"] = "day"
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "external_user_id", None))
    town.sop("contact/t", SEND)
    town.added()
    assert town.suppressed("contact/t") == ["nobody follows this contact"]
    assert town.work(lambda work: [row.count for row in work.session.exec(select(MassCount))]) == [0]


# ── the sum ────────────────────────────────────────────────────────────────────────────────────────────────────────


def count(town: Town, sop: str) -> Tally:
    return town.work(lambda work: tally(work.session, sop))


def test_triggered_is_sent_and_suppressed_and_failed_and_pending(town: Town) -> None:
    town.sop("contact/t", "when: {contact.city: 上海}\n" + SEND)
    town.added()
    town.added(HAO)
    assert count(town, "contact/t") == Tally(triggered=2, sent=0, suppressed=1, failed=0, pending=1)
    town.ended("sent")
    assert count(town, "contact/t") == Tally(triggered=2, sent=1, suppressed=1, failed=0, pending=0)
    town.advance(timedelta(days=2))
    town.added()
    row = town.rows(OutboxRow)[-1]
    event = CallFinished(
        at=town.clock.now(), call_id=CallId(1), endpoint=row.endpoint, outcome="unknown", note=row.note
    )
    town.work(lambda work: runner.on_call_finished(work, event))
    assert count(town, "contact/t") == Tally(triggered=3, sent=1, suppressed=1, failed=1, pending=0)


GATES = [
    "",
    "reentry: never\n",
    "holdout: 50%\n",
    "rollout: {percent: 50}\n",
    "mutex: m\n",
    "when: {contact.city: 上海}\n",
]
acts = st.lists(
    st.tuples(st.sampled_from([MEI, HAO]), st.sampled_from(["sent", "failed", "unknown", None]), st.integers(1, 30)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gates=st.lists(st.sampled_from(GATES), min_size=1, max_size=3), acts=acts)
def test_the_sum_holds_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, gates: list[str], acts: list[tuple[Any, Any, int]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("sum")
    town = Town(folder)
    names = [f"contact/s{n}" for n in range(len(gates))]
    for name, gate in zip(names, gates, strict=True):
        town.sop(name, gate + "steps: [{do: send_mass, text: a}, {wait: 1h}, {do: send_mass, text: b}]\n")
    events = 0
    for contact, outcome, hours in acts:
        town.added(contact)
        events += 1
        town.advance(timedelta(hours=hours))
        if outcome:
            town.ended(outcome)

    def closed(work: Work) -> bool:
        return all(tally(work.session, name).adds_up for name in names)

    assert town.work(closed)
    total = town.work(lambda work: [tally(work.session, name) for name in names])
    runs = [len(town.runs(name)) for name in names]
    kept_out = [len(town.suppressed(name)) for name in names]
    for one, begun, stopped in zip(total, runs, kept_out, strict=True):
        assert begun <= events <= one.triggered
        assert one.suppressed == stopped
    planned = sum(one.sent + one.failed + one.pending for one in total)
    assert planned >= len(town.calls("externalcontact/add_msg_template"))
    town.database.close()
