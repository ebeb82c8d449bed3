"""What must be true when a story is over, whatever happened in it. Each promise names what broke it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlmodel import Session, col, select

from bot.model.tables import (
    Alert,
    CorpReading,
    ExternalContact,
    FollowUser,
    GroupMember,
    InboxRow,
    Lead,
    OutboxRow,
    Run,
    ScoreEntry,
    StepRun,
    Suppression,
    TimerRow,
)
from bot.platforms.official.endpoints import BLIND_SENDS
from bot.platforms.simulator import CUSTOMER_GROUP, INTERNAL_GROUP
from bot.platforms.wecom.endpoints import REACHES_PEOPLE
from bot.storage.queries.tally import tally
from tests.runtime.simulation.town import Town
from tests.runtime.simulation.wire import Passed

MINUTE = timedelta(minutes=1)
WELCOME, MARK = "externalcontact/send_welcome_msg", "externalcontact/mark_tag"
KNOWN = {"friend": ("active", "lost"), "left": ("active", "lost")}
"""What we may think of a relation that WeCom shows: nothing shows that a contact has left, or came back."""
Promise = Callable[[Town, Session], Iterator[str]]
PROMISES: list[Promise] = []


def promise(check: Promise) -> Promise:
    PROMISES.append(check)
    return check


def broken(town: Town) -> list[str]:
    """Every promise that this story broke, and by what."""
    with Session(town.base.disk.engine) as session:
        return [f"{check.__name__}: {why}" for check in PROMISES for why in check(town, session)]


# ── nothing is lost ────────────────────────────────────────────────────────────────────────────────────────────────


@promise
def what_was_acknowledged_is_done(town: Town, session: Session) -> Iterator[str]:
    states = dict(session.exec(select(InboxRow.dedupe_key, InboxRow.state)).all())
    for arrival in town.acknowledged:
        if states.get(arrival.dedupe_key) != "done":
            yield f"{arrival.event.kind} {arrival.dedupe_key} is {states.get(arrival.dedupe_key)}"


@promise
def nothing_is_left_lying(town: Town, session: Session) -> Iterator[str]:
    now = town.world.now()
    for event in session.exec(select(InboxRow).where(InboxRow.state != "done")):
        yield f"{event.kind} {event.id} is {event.state}: {event.error}"
    for call in session.exec(select(OutboxRow).where(col(OutboxRow.state).in_(("planned", "sending")))):
        if call.state == "sending" or call.ready_at <= now:
            yield f"{call.endpoint} {call.id} is {call.state}"
    for timer in session.exec(select(TimerRow).where(TimerRow.state == "waiting", col(TimerRow.due_at) <= now)):
        yield f"timer {timer.name} {timer.id} was due at {timer.due_at}"


@promise
def every_reading_came_to_its_end(_town: Town, session: Session) -> Iterator[str]:
    for reading in session.exec(select(CorpReading).where(col(CorpReading.finished_at).is_(None))):
        yield f"{reading.name}: {reading.answered} of {reading.asked}, {reading.failed} failed"


@promise
def everybody_who_could_be_greeted_was_decided_on(_town: Town, session: Session) -> Iterator[str]:
    """An adding with a code led to a welcome, or to a written reason."""
    decided = set(session.exec(select(StepRun.trace_id).where(StepRun.name == "send_welcome")).all())
    kinds = ("contact.added", "contact.half_added")
    for row in session.exec(select(InboxRow).where(col(InboxRow.kind).in_(kinds))):
        if row.payload.get("welcome_code") and row.trace_id not in decided and not _is_late(session, row):
            yield f"nothing was decided about {row.kind} {row.id}"


def _is_late(session: Session, row: InboxRow) -> bool:
    """Whether something newer was known of the relation when the event was handled, or may have been."""
    contact = select(ExternalContact.id).where(ExternalContact.external_user_id == row.payload["external_user_id"])
    follow = session.exec(
        select(FollowUser).where(col(FollowUser.contact_id).in_(contact), FollowUser.user_id == row.payload["user_id"])
    ).one()
    halves = session.exec(
        select(InboxRow).where(InboxRow.kind == "contact.half_added", InboxRow.subject == row.subject)
    ).all()
    is_told_before = any(half.payload["user_id"] == follow.user_id and half is not row for half in halves)
    return follow.changed_at > row.event_at or follow.found_at is not None or is_told_before


# ── nothing is doubled ─────────────────────────────────────────────────────────────────────────────────────────────


@promise
def nobody_is_reached_twice_by_one_call(town: Town, _session: Session) -> Iterator[str]:
    reached = Counter(
        one.row for one in town.exchange.passed if one.endpoint in REACHES_PEOPLE and not one.errcode and one.row
    )
    yield from (f"call {row} went out {times} times" for row, times in reached.items() if times > 1)


@promise
def an_unknown_call_is_not_repeated(town: Town, session: Session) -> Iterator[str]:
    unknown = session.exec(select(OutboxRow).where(OutboxRow.state == "unknown")).all()
    tries = Counter(one.row for one in town.exchange.passed if not one.errcode)
    for call in unknown:
        if call.endpoint not in REACHES_PEOPLE | BLIND_SENDS:
            yield f"{call.endpoint} {call.id} may be repeated, and was given up as unknown"
        if tries[call.id] > 1:
            yield f"{call.endpoint} {call.id} was repeated"


@promise
def one_code_is_one_welcome(town: Town, session: Session) -> Iterator[str]:
    codes = Counter(
        row.body["welcome_code"] for row in session.exec(select(OutboxRow).where(OutboxRow.endpoint == WELCOME))
    )
    yield from (f"{times} welcomes were planned for a code" for times in codes.values() if times > 1)
    taken = Counter(
        one.body["welcome_code"] for one in town.exchange.passed if one.endpoint == WELCOME and not one.errcode
    )
    yield from (f"{times} welcomes were taken for a code" for times in taken.values() if times > 1)


@promise
def a_post_is_heard_once_in_each_group(town: Town, _session: Session) -> Iterator[str]:
    for name in (INTERNAL_GROUP, CUSTOMER_GROUP):
        lines = [str(line.content) for line in town.simulator.messages_of(name)]
        heard = Counter(line for line in lines if "福利第" in line)
        yield from (f"{name} heard {line} {times} times" for line, times in heard.items() if times > 1)


@promise
def a_lead_is_one_card_for_each_of_its_people(_town: Town, session: Session) -> Iterator[str]:
    """And one more whenever it is passed up to them because nobody answered."""
    cards = Counter(
        (alert.about, alert.about_id, user) for alert in session.exec(select(Alert)) for user in alert.recipients
    )
    passed_up = dict(session.exec(select(Lead.id, Lead.escalations)).all())
    for (about, number, user), times in cards.items():
        if times > 1 + (passed_up.get(number, 0) if about == "lead" else 0):
            yield f"{about} {number} was shown to {user} {times} times"
    open_leads = session.exec(select(Lead.contact_id, Lead.kind).where(col(Lead.state).in_(("new", "claimed")))).all()
    yield from (f"{lead} is open {times} times" for lead, times in Counter(open_leads).items() if times > 1)


@promise
def a_score_is_the_sum_of_its_entries(_town: Town, session: Session) -> Iterator[str]:
    sums: Counter[int] = Counter()
    for entry in session.exec(select(ScoreEntry)):
        sums[entry.contact_id] += entry.points
    for contact in session.exec(select(ExternalContact)):
        if contact.merged_into is None and contact.lead_score != sums[contact.id or 0]:
            yield f"contact {contact.id} has {contact.lead_score}, its entries make {sums[contact.id or 0]}"


@promise
def a_timer_fires_once(_town: Town, session: Session) -> Iterator[str]:
    fired = session.exec(select(TimerRow.id).where(TimerRow.state == "fired")).all()
    told = Counter(session.exec(select(InboxRow.dedupe_key).where(InboxRow.source == "timer")).all())
    yield from (
        f"timer {timer} was told {told[f'timer:{timer}']} times" for timer in fired if told[f"timer:{timer}"] != 1
    )


# ── the sums hold ──────────────────────────────────────────────────────────────────────────────────────────────────


@promise
def what_was_triggered_is_accounted_for(_town: Town, session: Session) -> Iterator[str]:
    """Each step that planned a call says what became of it: sent, failed, unknown, expired, or pending."""
    ended = {"sent": "sent", "failed": "failed", "unknown": "unknown", "expired": "expired", "cancelled": "planned"}
    outcomes = {(step.run_id, step.position): step.outcome for step in session.exec(select(StepRun))}
    for call in session.exec(select(OutboxRow)):
        for run_id, position in call.note.get("steps", []):
            told = outcomes.get((int(run_id), str(position)))
            if told != ended.get(call.state, "planned"):
                yield f"step {run_id}/{position} says {told}, its call {call.id} is {call.state}"


@promise
def triggered_is_sent_suppressed_failed_or_pending(_town: Town, session: Session) -> Iterator[str]:
    for name in sorted({*session.exec(select(Run.sop)), *session.exec(select(Suppression.sop))}):
        counted = tally(session, name)
        if not counted.adds_up:
            yield f"{name}: {counted}"


@promise
def a_run_that_waits_has_a_timer(_town: Town, session: Session) -> Iterator[str]:
    waiting = {
        (timer.payload.get("run"), timer.payload.get("wait"))
        for timer in session.exec(select(TimerRow).where(TimerRow.state == "waiting"))
    }
    for run in session.exec(select(Run)):
        if run.state == "waiting" and (run.id, run.waits) not in waiting:
            yield f"run {run.id} of {run.sop} waits for nothing"
        if run.state == "running":
            yield f"run {run.id} of {run.sop} stands still"


# ── limits and order ───────────────────────────────────────────────────────────────────────────────────────────────


@promise
def limits_are_kept(town: Town, _session: Session) -> Iterator[str]:
    """Counted when a call leaves: how long it is on its way is not ours to say."""
    if not town.fate.keeps_limits:
        return
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for one in sorted(town.exchange.passed, key=lambda one: one.left_at):
        if one.endpoint in ("webhook/send", "message/send") and not one.errcode:
            for name in str(one.body.get("touser", "a group")).lower().split("|"):
                times[name].append(one.left_at)
    for name, moments in times.items():
        most = 20 if name == "a group" else 30
        pairs = zip(moments, moments[most:], strict=False)
        yield from (f"{name} got {most + 1} within {last - first}" for first, last in pairs if last - first < MINUTE)


@promise
def a_pair_is_marked_by_one_call_at_a_time(town: Town, _session: Session) -> Iterator[str]:
    pairs: defaultdict[tuple[str, str], list[Passed]] = defaultdict(list)
    for one in sorted(town.exchange.passed, key=lambda one: one.left_at):
        if one.endpoint == MARK:
            pairs[one.body["userid"], one.body["external_userid"]].append(one)
    for pair, calls in pairs.items():
        yield from (f"{pair} at {later.left_at}" for one, later in pairwise(calls) if later.left_at < one.at)


@promise
def calls_of_a_subject_leave_in_order(town: Town, session: Session) -> Iterator[str]:
    subjects = dict(session.exec(select(OutboxRow.id, OutboxRow.subject)).all())
    left: defaultdict[str, list[int]] = defaultdict(list)
    for row in town.exchange.began:
        if subjects.get(row):
            left[subjects[row]].append(row)
    for subject, rows in left.items():
        yield from (f"{subject}: {later} left after {row}" for row, later in pairwise(rows) if later < row)


@promise
def events_of_a_subject_are_handled_in_order(town: Town, session: Session) -> Iterator[str]:
    subjects = {
        row: (subject, lane)
        for row, subject, lane in session.exec(select(InboxRow.id, InboxRow.subject, InboxRow.lane)).all()
    }
    handled: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row in town.handled:
        if row in subjects and subjects[row][0]:
            handled[subjects[row]].append(row)
    for subject, rows in handled.items():
        yield from (f"{subject}: {later} after {row}" for row, later in pairwise(rows) if later < row)


# ── our picture is theirs ──────────────────────────────────────────────────────────────────────────────────────────


@promise
def relations_are_those_of_the_platform(town: Town, session: Session) -> Iterator[str]:
    rows: Any = select(FollowUser, ExternalContact).join(
        ExternalContact, col(ExternalContact.id) == FollowUser.contact_id
    )
    ours = {(follow.user_id, contact.external_user_id): follow.status for follow, contact in session.exec(rows).all()}
    theirs = {(one.userid, one.external_userid): one.relation for one in town.simulator.corp.relations.values()}
    for pair, relation in theirs.items():
        if relation in KNOWN and ours.get(pair) not in KNOWN[relation]:
            yield f"{pair} is {relation}, we think {ours.get(pair)}"
    for pair, status in ours.items():
        if status == "active" and theirs.get(pair) not in KNOWN:
            yield f"{pair} is {theirs.get(pair)}, we think {status}"


@promise
def groups_hold_whom_they_hold(town: Town, session: Session) -> Iterator[str]:
    group = town.simulator.group_of(CUSTOMER_GROUP)
    here = select(GroupMember.member_id).where(GroupMember.chat_id == group.chat_id, col(GroupMember.left_at).is_(None))
    ours, theirs = set(session.exec(here)), {member.id for member in group.members}
    if ours != theirs:
        yield f"missing {sorted(theirs - ours)}, too many {sorted(ours - theirs)}"


@promise
def a_tag_is_marked_once_and_stands(town: Town, session: Session) -> Iterator[str]:
    """The last mark that was taken for a pair and a tag is what the platform shows.

    A relation that was found, or told of late, gets all tags of its contact, also those from while it was not known.
    """
    came: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in session.exec(select(InboxRow).where(InboxRow.kind == "contact.added")):
        if row.finished_at is not None:
            came[row.payload["user_id"], row.payload["external_user_id"]].append(row.finished_at)
    rows: Any = select(FollowUser.user_id, ExternalContact.external_user_id).join(
        ExternalContact, col(ExternalContact.id) == FollowUser.contact_id
    )
    found = set(session.exec(rows.where(col(FollowUser.found_at).is_not(None))).all())
    last: dict[tuple[str, str, str], str] = {}
    marked_at: dict[tuple[str, str, str], datetime] = {}
    for call in session.exec(select(OutboxRow).where(OutboxRow.endpoint == MARK).order_by(col(OutboxRow.id))):
        for act in ("add_tag", "remove_tag"):
            for tag in call.body.get(act, []):
                key = (call.body["userid"], call.body["external_userid"], tag)
                is_new = any(marked_at[key] <= at <= call.planned_at for at in came[key[:2]] if key in marked_at)
                if last.get(key) == act and not is_new and key[:2] not in town.people.parted | found:
                    yield f"{key} was marked {act} twice"
                last[key], marked_at[key] = act if call.state == "sent" else "", call.planned_at
    for (user, external, tag), act in last.items():
        relation = town.simulator.corp.find_relation(user, external)
        if relation is None or not act or (user, external) in town.people.parted:
            continue
        if (tag in relation.tags) != (act == "add_tag"):
            yield f"{user}, {external}, {tag}: {act} was sent, the platform has {relation.tags}"
