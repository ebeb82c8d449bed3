"""Branches by what happened, by results, splits with a winner, and rollouts by stages."""

from datetime import timedelta

from bot.model.events import CallFinished, Tracked
from bot.model.ids import CallId, ContactId
from bot.model.tables import Behaviour, Experiment, ExternalContact, OutboxRow, Rollout, StepRun, Suppression
from bot.sop import runner
from bot.sop.experiments import Arm, difference, judge, ratio_probability, sample_size
from tests.sops.town import HAO, MEI, START, Town

DAY = timedelta(days=1)
OFFER = """steps:
  - {id: offer, do: send_mass, text: 上新}
  - wait: 1d
  - branch_result: offer
    ways:
      clicked: [{do: note, text: clicked}]
      unconfirmed: [{do: note, text: unconfirmed}, {do: remind_sender, of: offer}]
      sent: [{do: note, text: sent}]
      failed: [{do: note, text: failed}]
    default: [{do: note, text: other}]
"""


def clicks(town: Town, contact: int = MEI, name: str = "link.clicked") -> None:
    town.add(Behaviour(contact_id=contact, name=name, at=town.clock.now()))


def made(town: Town, msgid: str = "msg1") -> None:
    town.ended("sent", body=town.calls("externalcontact/add_msg_template")[0].body, answer={"msgid": msgid})


def result(town: Town, status: int) -> None:
    """WeCom answers how far the mass send is."""
    look = town.calls("externalcontact/get_groupmsg_send_result")[-1]
    answer = {"send_list": [{"external_userid": "wmMEI", "status": status}] if status else []}
    event = CallFinished(
        at=town.clock.now(),
        call_id=CallId(1),
        endpoint=look.endpoint,
        outcome="sent",
        note=look.note,
        answer=answer,
    )
    town.work(lambda work: runner.on_call_finished(work, event))


def test_what_became_of_a_step_decides(town: Town) -> None:
    town.sop("contact/t", OFFER)
    town.added()
    made(town)
    town.advance(DAY)
    assert town.notes("contact/t") == ["unconfirmed"]
    [remind] = town.calls("externalcontact/remind_groupmsg_send")
    assert remind.body == {"msgid": "msg1"}


def test_a_confirmed_mass_send_counts_as_sent_and_a_click_as_more(town: Town) -> None:
    town.sop("contact/t", OFFER)
    town.added()
    made(town)
    town.advance(timedelta(hours=1))
    result(town, 1)
    town.advance(DAY)
    assert town.notes("contact/t") == ["sent"]
    town.added(HAO)
    town.ended("sent", body=town.calls("externalcontact/add_msg_template")[-1].body, answer={"msgid": "msg2"})
    clicks(town, HAO)
    town.advance(DAY)
    assert town.notes("contact/t") == ["clicked"]


def test_over_the_monthly_cap_is_a_failure(town: Town) -> None:
    town.sop("contact/t", OFFER)
    town.added()
    made(town)
    town.advance(timedelta(minutes=40))
    result(town, 3)
    town.advance(DAY)
    assert town.notes("contact/t") == ["failed"]
    [step] = [row for row in town.rows(StepRun) if row.name == "send_mass"]
    assert step.detail["reason"] == "over the contact's monthly cap"


def test_wecom_is_asked_again_until_somebody_tapped(town: Town) -> None:
    town.sop("contact/t", OFFER)
    town.added()
    made(town)
    town.advance(timedelta(hours=1))
    result(town, 0)
    town.advance(timedelta(hours=3))
    assert len(town.calls("externalcontact/get_groupmsg_send_result")) == 2


def test_a_step_never_taken_leads_to_the_default(town: Town) -> None:
    never = "steps:\n  - if: {contact.city: 北京}\n    then: [{id: offer, do: note, text: x}]\n"
    town.sop("contact/t", never + "  - branch_result: offer\n    ways: {sent: [{exit: a}]}\n    default: [{exit: b}]\n")
    town.added()
    assert town.runs("contact/t")[0].reason == "b"


SINCE = """steps:
  - wait: 1d
  - {id: second, do: note, text: second}
  - wait: 1d
  - branch_event: {event: order.paid, since: second}
    then: [{exit: paid}]
    else: [{exit: not paid}]
"""


def test_what_happened_before_the_step_does_not_count(town: Town) -> None:
    town.sop("contact/t", SINCE)
    town.added()
    town.added(HAO)
    clicks(town, MEI, "order.paid")
    town.advance(DAY + timedelta(hours=1))
    clicks(town, HAO, "order.paid")
    town.advance(DAY)
    assert [run.reason for run in town.runs("contact/t")] == ["not paid", "paid"]


# ── experiments ────────────────────────────────────────────────────────────────────────────────────────────────────

SPLIT = """reentry: never
steps:
  - split:
      A: {weight: 1, steps: [{exit: A}]}
      B: {weight: 1, steps: [{exit: B}]}
    winner: {event: order.paid, within: 7d, min_sample: 50, min_time: 3d}
"""


def crowd(town: Town, first: int, count: int) -> None:
    town.add(
        *(ExternalContact(id=n, external_user_id=f"wm{n}", first_seen_at=START) for n in range(first, first + count))
    )


def enters(town: Town, first: int, count: int) -> None:
    for n in range(first, first + count):
        event = Tracked(at=town.clock.now(), name="page.viewed", event_id=f"e{n}")
        town.hear(event, contact=ContactId(n), user=None)


def test_the_better_variant_wins_and_everybody_else_gets_it(town: Town) -> None:
    town.sop("contact/t", SPLIT, trigger="{event: page.viewed}")
    crowd(town, 100, 400)
    enters(town, 100, 300)
    for run in town.runs("contact/t"):
        if run.reason == "B" or (run.id or 0) % 10 == 0:
            clicks(town, int(run.subject.removeprefix("contact:")), "order.paid")
    town.advance(timedelta(days=2, hours=1))
    [experiment] = town.rows(Experiment)
    assert (experiment.winner, experiment.detail["winner"]) == ("", "B")  # it is too early to say so
    town.advance(timedelta(days=1))
    assert town.rows(Experiment)[0].winner == "B"
    enters(town, 400, 50)
    assert {run.reason for run in town.runs("contact/t")[300:]} == {"B"}


def test_nobody_wins_with_too_few_or_a_wrong_ratio() -> None:
    assert judge({"A": Arm(40, 1), "B": Arm(40, 39)}, 50).reason == "sample too small"
    assert judge({"A": Arm(4000, 10), "B": Arm(5000, 4000)}, 50).reason == "sample ratio does not fit the weights"
    assert judge({"A": Arm(5000, 500), "B": Arm(5000, 505)}, 50).reason == "no difference is sure"
    assert judge({"A": Arm(5000, 500), "B": Arm(5000, 700), "C": Arm(5000, 510)}, 1000).winner == "B"


def test_weights_are_minded_by_the_ratio_check() -> None:
    assert ratio_probability([Arm(900, 0, 9), Arm(100, 0, 1)]) == 1
    assert ratio_probability([Arm(500, 0, 9), Arm(500, 0, 1)]) < 0.001
    assert abs(ratio_probability([Arm(100, 0), Arm(120, 0), Arm(90, 0)]) - 0.1046) < 0.001


def test_the_interval_narrows_with_the_sample() -> None:
    low, high = difference(Arm(1000, 100), Arm(1000, 100), 1000)
    narrow_low, narrow_high = difference(Arm(10_000, 1000), Arm(10_000, 1000), 1000)
    assert low < narrow_low < 0 < narrow_high < high


def test_how_many_subjects_it_takes() -> None:
    assert 8_000 < sample_size(0.05, 0.01) < 8_300
    assert sample_size(0.05, 0.02) < sample_size(0.05, 0.01)


# ── holdout ──


def test_a_holdout_is_a_stable_share_that_gets_nothing(town: Town) -> None:
    town.sop("contact/t", "holdout: 30%\nsteps: [{do: note, text: a}]\n", trigger="{event: page.viewed}")
    crowd(town, 100, 200)
    held: list[set[str]] = []
    for _day in range(2):
        enters(town, 100, 200)
        held.append({row.subject for row in town.rows(Suppression) if row.at == town.clock.now()})
        town.advance(DAY)
    assert held[0] == held[1]
    assert 45 < len(held[0]) < 75
    assert {row.rule for row in town.rows(Suppression)} == {"holdout"}
    assert not held[0] & {run.subject for run in town.runs("contact/t")}
    assert len(town.runs("contact/t")) == 2 * (200 - len(held[0]))


# ── rollout ────────────────────────────────────────────────────────────────────────────────────────────────────────

STAGES = "rollout: {{stages: [5, 50, 100], every: 1d{loss}}}\nreentry: never\nsteps: [{{do: note, text: a}}]\n"
LOSS = ", stop_loss: {event: contact.lost, above: 10%, min: 5}"


def test_a_rollout_grows_stage_by_stage_and_keeps_whom_it_had(town: Town) -> None:
    town.sop("contact/t", STAGES.format(loss=""), trigger="{event: page.viewed}")
    crowd(town, 100, 200)
    reached: list[set[str]] = []
    for _stage in range(3):
        enters(town, 100, 200)
        reached.append({run.subject for run in town.runs("contact/t")})
        town.advance(DAY + timedelta(minutes=1))
    assert len(reached[0]) < 25 < 75 < len(reached[1]) < 125 < len(reached[2]) == 200
    assert reached[0] < reached[1] < reached[2]


def test_a_stop_loss_ends_it_and_tells_the_managers(town: Town) -> None:
    town.sop("contact/t", STAGES.format(loss=LOSS), trigger="{event: page.viewed}")
    crowd(town, 100, 300)
    enters(town, 100, 300)
    for run in town.runs("contact/t"):
        clicks(town, int(run.subject.removeprefix("contact:")), "contact_lost")
    town.advance(DAY + timedelta(minutes=1))
    [rollout] = town.rows(Rollout)
    assert rollout.stopped_at is not None
    assert rollout.detail["percent"] == 100
    begun = len(town.runs("contact/t"))
    enters(town, 100, 300)
    assert len(town.runs("contact/t")) == begun
    assert "stop_loss" in town.suppressed("contact/t")


def test_a_rollout_stays_where_it_is_until_there_is_enough_to_judge_by(town: Town) -> None:
    town.sop("contact/t", STAGES.format(loss=LOSS.replace("min: 5", "min: 500")), trigger="{event: page.viewed}")
    crowd(town, 100, 50)
    enters(town, 100, 50)
    town.advance(3 * DAY)
    assert [row.stage for row in town.rows(Rollout)] == [0]
    assert not [row for row in town.rows(OutboxRow) if row.endpoint == "message/send"]
