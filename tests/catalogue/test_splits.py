"""Every split, wait and gate by its name, walked by people at the platform."""

from collections import Counter

import pytest

from bot.platforms.simulator.cast import CUSTOMER_GROUP
from tests.catalogue.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")

A, B = "[{do: note, text: a}]", "[{do: note, text: b}]"


async def test_if(stage: Stage) -> None:
    """The verdicts say what was wanted and what was found."""
    await stage.sop(f"  - if: {{event.state: {{eq: spring}}}}\n    then: {A}\n    else: {B}")
    await stage.add()
    assert stage.notes() == ["a"]
    [verdict] = stage.why().runs[0].steps[0].verdicts
    assert (verdict["name"], verdict["passed"], verdict["found"]) == ("event.state", True, "spring")


async def test_branch(stage: Stage) -> None:
    """The first way that fits; who fits none takes the default, which is compulsory."""
    ways = f"{{name: autumn, when: {{event.state: {{eq: autumn}}}}, steps: {A}}}"
    await stage.sop(f"  - branch: [{ways}]\n    default: {B}")
    await stage.add()
    assert stage.path() == ["branch:default", "note:done"]
    stage.write(
        f"{stage.name}.yaml",
        f"sop: {stage.name}\ntitle: x\nsubject: contact\ntrigger: contact.added\nsteps: [{{branch: [{ways}]}}]\n",
    )
    assert "X113" in stage.findings()[0]


async def test_branch_event(stage: Stage) -> None:
    """Since a step, not since ever."""
    steps = "  - {id: ask, do: note, text: go}\n  - wait: 1h\n  - branch_event: {event: link.clicked, since: ask}\n"
    await stage.sop(f"{steps}    then: {A}\n    else: {B}")
    await stage.add()
    await stage.track("link.clicked", {})
    await stage.advance(hours=1)
    assert stage.notes() == ["go", "a"]


async def test_branch_event_that_has_not_come(stage: Stage) -> None:
    await stage.add()
    await stage.track("link.clicked", {})
    await stage.advance(minutes=1)
    await stage.sop(f"  - branch_event: {{event: link.clicked}}\n    then: {A}\n    else: {B}", trigger="{event: x.y}")
    await stage.track("x.y", {})
    assert stage.notes() == ["b"]


@pytest.mark.parametrize("confirms", [True, False])
async def test_branch_result(stage: Stage, confirms: bool) -> None:
    steps = "  - {id: offer, do: send_mass, text: 券}\n  - wait: 1h\n  - branch_result: offer\n"
    await stage.sop(f"{steps}    ways: {{unconfirmed: {A}}}\n    default: {B}")
    await stage.add()
    if confirms:
        await stage.wecom.confirm("zhou", stage.wecom.mass_sends_of("zhou")[-1])
    await stage.advance(hours=1)
    assert stage.notes() == ["b" if confirms else "a"]


SPLIT = f"  - split:\n      A: {{weight: 50, steps: {A}}}\n      B: {{weight: 50, steps: {B}}}\n"


async def test_split(stage: Stage) -> None:
    """By a stable hash: the same person goes the same way, and people are divided."""
    await stage.sop(SPLIT, trigger="{event: visited.shop}")
    for _time in range(3):
        await stage.track("visited.shop", {})
        await stage.advance(seconds=1)
    assert len(set(stage.all_notes())) == 1
    ways: Counter[str] = Counter()
    for person in stage.crowd(12):
        await stage.track("visited.shop", {}, person=person)
        ways.update(stage.notes_of(person))
    assert set(ways) == {"a", "b"}


async def test_winner(stage: Stage) -> None:
    """Everybody of one way pays and nobody of the other: from then on all get what works."""
    winner = "    winner: {event: order.paid, within: 1h, min_sample: 10, min_time: 1h}\n"
    await stage.sop(SPLIT + winner, trigger="{event: came.in}")
    people = list[str]()
    ways = Counter[str]()
    while len(people) < 24 or abs(ways["a"] - ways["b"]) > 4:  # whoever comes draws a way, and the draw may be uneven
        newcomers = stage.crowd(24 if not people else 1)
        for person in newcomers:
            await stage.track("came.in", {}, person=person, settle=False)
        await stage.settle()
        ways += Counter(note for person in newcomers for note in stage.notes_of(person))
        people += newcomers
    for person in people:
        if stage.notes_of(person) == ["a"]:
            await stage.track("order.paid", {"amount": 9}, person=person, settle=False)
    await stage.advance(hours=26)
    late = stage.crowd(8)
    for person in late:
        await stage.track("came.in", {}, person=person, settle=False)
    await stage.settle()
    assert {note for person in late for note in stage.notes_of(person)} == {"a"}


async def test_rollout(stage: Stage) -> None:
    """Stage by stage, and stopped when too many are lost."""
    head = "rollout: {stages: [50, 100], every: 1h, stop_loss: {event: complaint.made, above: 20%, min: 3, within: 1d}}"
    await stage.sop("  - {do: note, text: a}", trigger="{event: came.in}", head=head)
    people = stage.crowd(24)
    for person in people:
        await stage.track("came.in", {}, person=person, settle=False)
    await stage.settle()
    let_in = [person for person in people if stage.notes_of(person)]
    assert 3 <= len(let_in) < len(people)
    assert set(stage.suppressed()) == {"rollout"}
    for person in let_in:
        await stage.track("complaint.made", {}, person=person, settle=False)
    await stage.advance(hours=2)
    [late] = stage.crowd(1)
    await stage.track("came.in", {}, person=late)
    assert stage.notes_of(late) == []


async def test_holdout(stage: Stage) -> None:
    await stage.sop("  - {do: note, text: a}", trigger="{event: came.in}", head="holdout: 50%")
    people = stage.crowd(16)
    for person in people:
        await stage.track("came.in", {}, person=person, settle=False)
    await stage.settle()
    walked = [person for person in people if stage.notes_of(person)]
    assert 0 < len(walked) < len(people)
    assert stage.suppressed() == ["holdout"] * (len(people) - len(walked))


# ── waits ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_wait(stage: Stage) -> None:
    await stage.sop("  - wait: 10m\n  - {do: note, text: a}")
    await stage.add()
    await stage.advance(minutes=9)
    assert stage.path() == ["wait:waiting"]
    await stage.advance(minutes=1)
    assert stage.path() == ["wait:passed", "note:done"]


@pytest.mark.parametrize(
    ("fit", "clock"),
    [
        ('{time: "08:30"}', "08:30"),
        ('{outside: ["00:00", "23:59"]}', "23:59"),
        ("{workdays_only: true, time: '07:00'}", "07:00"),
    ],
)
async def test_wait_until(stage: Stage, fit: str, clock: str) -> None:
    await stage.sop(f"  - wait_until: {fit}\n  - {{do: note, text: a}}", trigger="{event: came.in}")
    await stage.add()
    await stage.track("came.in", {})
    [run] = stage.runs()
    assert run.wake_at is not None
    assert f"{run.wake_at.astimezone(stage.zone):%H:%M}" == clock
    await stage.advance(seconds=(run.wake_at - stage.clock.now()).total_seconds())
    assert stage.notes() == ["a"]


async def test_wait_for(stage: Stage) -> None:
    wait = "  - wait_for: {event: message.received, within: 2h, where: {message.text: {contains: 价}}}\n"
    await stage.sop(f'{wait}    then: [{{do: note, text: "{{{{ event.text }}}}"}}]\n    timeout: {B}')
    await stage.add()
    await stage.wecom.say(stage.person, "在吗", to="zhou")
    await stage.advance(seconds=30)
    assert stage.path() == ["wait_for:waiting"]
    await stage.wecom.say(stage.person, "什么价", to="zhou")
    await stage.advance(seconds=30)
    assert stage.notes() == ["什么价"]


async def test_wait_for_that_times_out(stage: Stage) -> None:
    await stage.sop(f"  - wait_for: {{event: order.paid, within: 2h}}\n    then: {A}\n    timeout: {B}")
    await stage.add()
    await stage.advance(hours=2)
    assert stage.notes() == ["b"]


@pytest.mark.parametrize("subject", ["group", "staff"])
async def test_waits_of_groups_and_staff(stage: Stage, subject: str) -> None:
    """A group walks on when one of it joins; a staff member when somebody adds them."""
    event = {"group": "member.joined", "staff": "contact.added"}[subject]
    steps = f"  - wait_for: {{event: {event}, within: 2h}}\n    then: {A}\n    timeout: {B}"
    await stage.scheduled(steps, subject=subject)
    await stage.add()
    await stage.wecom.join(CUSTOMER_GROUP, stage.person)
    await stage.advance(seconds=10)
    assert stage.notes(stage.mine(subject)) == ["a"]


async def test_goal(stage: Stage) -> None:
    await stage.sop("  - if: {event.state: {eq: spring}}\n    then: [{goal: true}]\n  - {do: note, text: b}")
    await stage.add()
    [run] = stage.runs()
    assert (run.state, run.reason) == ("done", "goal")
    assert run.goal_at is not None


async def test_goal_by_an_event(stage: Stage) -> None:
    await stage.sop("  - wait: 7d\n  - {do: note, text: b}", head="goal: {event: order.paid, within: 1d}")
    await stage.add()
    await stage.track("order.paid", {"amount": 5})
    [run] = stage.runs()
    assert (run.state, run.reason) == ("done", "goal")


async def test_exit(stage: Stage) -> None:
    await stage.sop("  - if: {event.state: {eq: spring}}\n    then: [{exit: 不适合}]\n  - {do: note, text: b}")
    await stage.add()
    [run] = stage.runs()
    assert (run.state, run.reason) == ("exited", "不适合")


# ── gates ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_reentry(stage: Stage) -> None:
    await stage.sop("  - {do: note, text: a}", trigger="{event: came.in}", head="reentry: {after: 1d}")
    await stage.add()
    for hours in (1, 24):
        await stage.track("came.in", {})
        await stage.advance(hours=hours)
    assert (len(stage.runs()), stage.suppressed()) == (1, ["reentry"])
    await stage.track("came.in", {})
    assert len(stage.runs()) == 2


async def test_mutex(stage: Stage) -> None:
    """The higher priority wins; the loser knows to whom."""
    loser = await stage.sop("  - {do: note, text: b}", head="mutex: hello\npriority: 10")
    winner = await stage.sop("  - {do: note, text: a}", head="mutex: hello\npriority: 90")
    await stage.add()
    assert stage.notes() == ["a"]
    stage.name = loser
    [lost] = stage.why().not_done
    assert (lost.rule, lost.detail["winner"]) == ("mutex", winner)


async def test_exit_on(stage: Stage) -> None:
    await stage.sop("  - {wait: 3d}\n  - {do: note, text: a}", head="exit_on: {event: went.out}")
    await stage.add()
    await stage.track("went.out", {})
    assert [(run.state, run.reason) for run in stage.runs()] == [("exited", "went.out")]


async def test_deadline(stage: Stage) -> None:
    await stage.sop("  - {wait: 3d}\n  - {do: note, text: a}", head="deadline: 1h")
    await stage.add()
    await stage.advance(hours=1)
    assert [(run.state, run.reason) for run in stage.runs()] == [("exited", "deadline")]


async def test_frequency_cap(stage: Stage) -> None:
    await stage.daytime()
    await stage.sop(
        "  - {do: send_mass, text: '{{ event.name }}'}",
        trigger="track.event",
        head="frequency_cap: {count: 1, per: 7d}",
    )
    await stage.add()
    for name in ("came.in", "went.out"):
        await stage.track(name, {})
    assert [body["text"]["content"] for body in stage.bodies("externalcontact/add_msg_template")] == ["came.in"]
    assert stage.suppressed() == ["frequency cap"]


async def test_dedupe(stage: Stage) -> None:
    """The same words once in 24 hours, whichever SOP says them."""
    await stage.daytime()
    await stage.sop("  - {do: send_mass, text: 满减券}", trigger="{event: came.in}")
    await stage.add()
    await stage.track("came.in", {})
    await stage.advance(minutes=5)
    await stage.track("came.in", {})
    assert len(stage.bodies("externalcontact/add_msg_template")) == 1
    assert stage.suppressed() == ["same content"]


async def test_quiet_hours(stage: Stage) -> None:
    await stage.daytime(hour=23)
    await stage.add()
    await stage.advance(minutes=31)  # an answer within half an hour is no disturbance
    await stage.scheduled("  - {do: send_mass, text: 夜里}")
    assert "夜里" not in str(stage.bodies("externalcontact/add_msg_template"))
    assert "quiet hours" in stage.suppressed()


async def test_consent(stage: Stage) -> None:
    await stage.daytime()
    await stage.add()
    await stage.change(marketing_consent=False)
    await stage.sop("  - {do: send_mass, text: 促销}", trigger="{event: came.in}")
    await stage.track("came.in", {})
    assert stage.suppressed() == ["consent"]
    assert any("同意" in line or "consent" in line for line in stage.told())
