"""What publishing would change, and that publishing then does exactly that."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from bot.community import crowd_tasks
from bot.model.calls import Call
from bot.model.events import Event
from bot.model.tables import CustomerGroup, ExternalContact, FollowUser, MassSend, OutboxRow
from bot.sop.channels import channel_of, reached
from bot.sop.library import Library
from bot.sop.parse import parse
from bot.sop.plan import Planned, plan
from bot.sop.schema import Sop
from bot.storage.work import Work
from tests.sops.town import START, Town

NAME = "contact/news"
EIGHT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HEAD = 'sop: {name}\ntitle: T\nsubject: {subject}\ntrigger: {{cron: "0 20 * * *"}}\npurpose: service\n'
SEND = "steps: [{do: send_mass, text: 上新了}]\n"


def draft(body: str, name: str = NAME, subject: str = "contact") -> Sop:
    text = HEAD.format(name=name, subject=subject) + body
    found, findings = parse(text, f"{name}.yaml", name)
    assert found is not None, findings
    return found


def nobody_hears(work: Work, library: Library, event: Event) -> None:
    raise AssertionError("a date needs no recorded events")


def planned(town: Town, sop: Sop) -> Planned:
    return town.work(lambda work: plan(work.session, town.library, sop, nobody_hears, now=town.clock.now()))


def people(town: Town, count: int) -> None:
    """Ten and more: half in 上海, half in 杭州."""
    ids = range(10, 10 + count)
    cities = ("上海", "杭州")
    town.add(*(ExternalContact(id=n, external_user_id=f"wm{n}", city=cities[n % 2], first_seen_at=START) for n in ids))
    town.add(*(FollowUser(contact_id=n, user_id="zhou", added_at=START, changed_at=START) for n in ids))


def test_a_plan_counts_who_comes_and_who_goes(town: Town) -> None:
    people(town, 20)
    in_force = draft("when: {contact.city: 上海}\n" + SEND)
    town.write(NAME, in_force.source)
    town.read()
    told = planned(town, draft("when: {contact.city: 杭州}\n" + SEND))
    assert (len(told.joins), len(told.leaves)) == (10, 11)
    assert told.in_force == in_force.digest
    assert told.channels == {"mass_send": 10}
    assert told.after.at == EIGHT
    same = planned(town, in_force)
    assert (same.joins, same.leaves) == ([], [])


def test_publishing_does_exactly_what_was_planned(town: Town) -> None:
    people(town, 12)
    sop = draft(
        "when: {contact.city: 上海}\nsteps: [{do: send_mass, text: 早}, {wait: 2h}, {do: send_mass, text: 晚}]\n"
    )
    told = planned(town, sop)
    assert town.rows(OutboxRow) == []
    town.write(NAME, sop.source)
    town.read()
    town.clock.move_to(EIGHT)
    town.due(NAME, EIGHT)
    town.advance(timedelta(hours=3))
    assert {run.subject for run in town.runs(NAME)} == told.after.subjects
    done = Counter((row.endpoint, str(row.body)) for row in town.rows(OutboxRow))
    assert Counter((one.call.endpoint, str(one.call.body)) for one in told.after.sent) == done
    assert told.all_sent_at == EIGHT + timedelta(hours=2) + crowd_tasks.GATHER


def test_a_plan_for_groups_counts_each_group(town: Town) -> None:
    town.add(CustomerGroup(chat_id="wr2", name="Two", owner="zhou"), CustomerGroup(chat_id="h", kind="webhook"))
    sop = draft("steps: [{do: post_to_group, text: 晚上好}]\n", "group/news", "group")
    told = planned(town, sop)
    assert told.groups == {"wr2": 1, "wrGROUP": 1, "h": 1}
    town.write("group/news", sop.source)
    town.read()
    town.clock.move_to(EIGHT)
    town.due("group/news", EIGHT)
    [mass] = town.rows(MassSend)
    assert sorted(mass.chat_ids) == ["wr2", "wrGROUP"]
    calls = [Call(row.endpoint, row.body) for row in town.rows(OutboxRow)]
    assert Counter(channel_of(one) for one in calls for _whom in reached(one)) == told.channels


def name_them(work: Work) -> None:
    """Everybody gets words, and so a task, of their own."""
    for contact in (work.session.get(ExternalContact, n) for n in range(10, 16)):
        assert contact is not None
        contact.name = f"客{contact.id}"


def test_limits_say_when_all_is_sent(town: Town) -> None:
    class OneAMinute:
        def __init__(self) -> None:
            self.free_at = START

        def until(self, platform: str, endpoint: str, body: dict[str, object], now: datetime) -> datetime | None:
            if now < self.free_at:
                return self.free_at
            self.free_at = now + timedelta(minutes=1)
            return None

    people(town, 6)
    sop = draft("when: {contact.city: 上海}\nsteps: [{do: send_mass, text: '{{ contact.name }}{{ contact.city }}'}]\n")
    town.work(name_them)
    told = town.work(
        lambda work: plan(work.session, town.library, sop, nobody_hears, now=town.clock.now(), limits=OneAMinute())
    )
    assert told.all_sent_at == EIGHT + crowd_tasks.GATHER + timedelta(minutes=len(told.after.subjects) - 1)
