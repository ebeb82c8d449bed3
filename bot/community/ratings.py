"""Scores that time wears down: activity, spread, lead score; points that run out; worth by orders; stale tags."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from bot.community import contacts, points, tagging
from bot.community.rules import Decay, Points, Rfm, ScoreRules, StaleTags, Weights
from bot.model.events import Tracked
from bot.model.ids import ContactId, ExternalUserId, OpenId
from bot.model.tables import Behaviour, ContactTag, ExternalContact, ScoreEntry
from bot.storage.queries import followers
from bot.storage.queries import leads as lead_rows
from bot.storage.queries import ratings as rows
from bot.storage.work import Work

FORGOTTEN = 8
"""After so many half-lives a deed counts for nothing."""
DECAY, EXPIRING = "decay", "points.expiring"
WORTH: tuple[tuple[str, Callable[[int, int, int], bool]], ...] = (
    ("champion", lambda r, f, m: r >= 4 and f >= 4 and m >= 4),
    ("loyal", lambda r, f, _m: r >= 3 and f >= 4),
    ("new_buyer", lambda r, f, _m: r >= 4 and f <= 2),
    ("promising", lambda r, _f, _m: r >= 3),
    ("slipping", lambda r, f, m: r == 2 and (f >= 3 or m >= 3)),
    ("sleeping", lambda r, f, m: r == 2 or f >= 3 or m >= 3),
)
"""The first that fits, by fifths of recency, frequency and money; whoever fits none is lost."""


def refresh(work: Work, rules: ScoreRules, after: int, limit: int) -> int | None:
    """Bring the scores of a batch of contacts up to date; returns the last id, None when there are no more."""
    people = rows.people(work.session, after, limit)
    ids = [contacts.id_of(one) for one in people]
    scores = {one.id: {"activity_score": one.activity_score, "spread_score": one.spread_score} for one in people}
    for name, weights in (("activity_score", rules.activity), ("spread_score", rules.spread)):
        if weights is not None:
            for id, score in _scores(work, ids, weights).items():
                scores[id][name] = score
    rows.rate(work.session, [{"id": one.id, **scores[one.id]} for one in people if _differs(one, scores[one.id])])
    if rules.lead is not None:
        _wear(work, ids, rules.lead)
    if rules.points is not None:
        for id in ids:
            _expire(work, contacts.get(work.session, id), rules.points)
    return ids[-1] if len(ids) == limit else None


def _differs(contact: ExternalContact, scores: Mapping[str, int]) -> bool:
    return any(getattr(contact, name) != score for name, score in scores.items())


def _scores(work: Work, ids: Sequence[ContactId], weights: Weights) -> dict[int | None, int]:
    since = work.now - timedelta(days=weights.half_life_days * FORGOTTEN)
    sums = dict.fromkeys(ids, 0.0)
    for id, name, at in rows.deeds(work.session, ids, list(weights.weights), since):
        sums[ContactId(id)] += weights.weights[name] * _left(work.now - at, weights)
    return {id: round(total) for id, total in sums.items()}


def _left(age: timedelta, decay: Decay) -> float:
    """What is left, of one, after so long."""
    return float(0.5 ** (max(age, timedelta()) / timedelta(days=decay.half_life_days)))


def _wear(work: Work, ids: Sequence[ContactId], decay: Decay) -> None:
    """What a lead score has lost is an entry of its own, so that the entries still add up to it."""
    entries = sorted(rows.entries(work.session, ids), key=lambda entry: entry.contact_id)
    for id, its in groupby(entries, key=lambda entry: entry.contact_id):
        mine = list(its)
        earned = sum(one.points * _left(work.now - one.at, decay) for one in mine if one.rule != DECAY)
        change = max(0, round(earned)) - sum(one.points for one in mine)
        if change:
            key = f"{DECAY}:{id}:{work.now.date()}"
            lead_rows.add_points(
                work.session, ScoreEntry(contact_id=id, points=change, rule=DECAY, at=work.now, dedupe_key=key)
            )


# ── points ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _expire(work: Work, contact: ExternalContact, rule: Points) -> None:
    """The oldest points are spent first; of what is left, the old run out, and those about to are told of."""
    if contact.points <= 0:
        return
    over = work.now - timedelta(days=rule.keep_days)
    lots = _unspent(work, contacts.id_of(contact))
    gone = sum(amount for lot, amount in lots if lot.at <= over)
    if gone:
        points.expire(work, contact, gone)
    for lot, amount in lots:
        if over < lot.at <= over + timedelta(days=rule.remind_days):
            _remind(work, contact, lot, amount, lot.at + timedelta(days=rule.keep_days))


def _unspent(work: Work, contact_id: ContactId) -> list[tuple[Behaviour, int]]:
    """What is left of each time that points were given."""
    acts = rows.acts(work.session, contact_id, (points.GIVEN, points.TAKEN, points.EXPIRED))
    spent = sum(int(one.amount or 0) for one in acts if one.name != points.GIVEN)
    lots = []
    for lot in (one for one in acts if one.name == points.GIVEN):
        used = min(spent, int(lot.amount or 0))
        spent -= used
        lots.append((lot, int(lot.amount or 0) - used))
    return [(lot, left) for lot, left in lots if left]


def _remind(work: Work, contact: ExternalContact, lot: Behaviour, amount: int, at: datetime) -> None:
    """An event, once for each lot; an SOP says it to the contact, if they are in reach."""
    reached = next(iter(followers.standing(work.session, contacts.id_of(contact))), None)
    event_id = f"{EXPIRING}:{lot.id}"
    work.record(
        Tracked(
            at=work.now,
            name=EXPIRING,
            event_id=event_id,
            external_user_id=ExternalUserId(contact.external_user_id) if contact.external_user_id else None,
            open_id=OpenId(reached.open_id) if reached and not contact.external_user_id else None,
            union_id=contact.union_id,
            properties={"points": amount, "expires_at": at.isoformat()},
        ),
        event_id,
    )


# ── worth by orders ────────────────────────────────────────────────────────────────────────────────────────────────


def rank(work: Work, rule: Rfm) -> None:
    """Divide the buyers into fifths."""
    fifths = rows.fifths(work.session, rule.event, work.now - timedelta(days=rule.days))
    told = [{"id": id, "rfm": f"{r}-{f}-{m}", "rfm_segment": worth(r, f, m)} for id, r, f, m in fifths]
    rows.rate(work.session, told)
    rows.forget_worth(work.session, [id for id, *_fifths in fifths])


def worth(recency: int, frequency: int, money: int) -> str:
    return next((name for name, fits in WORTH if fits(recency, frequency, money)), "lost")


# ── tags ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_off_expired(work: Work, limit: int) -> bool:
    """Take off tags that are over, here and at WeCom; True when there may be more."""
    return _take_off(work, rows.expired_tags(work.session, work.now, limit), "expired", limit)


def take_off_stale(work: Work, rule: StaleTags, limit: int) -> bool:
    """Take off what was once concluded of contacts who have long been silent."""
    since = work.now - timedelta(days=rule.silent_days)
    return _take_off(work, rows.stale_tags(work.session, rule.sources, since, limit), "stale", limit)


def _take_off(work: Work, tags: Sequence[ContactTag], rule: str, limit: int) -> bool:
    for contact_id, theirs in groupby(tags, key=lambda tag: tag.contact_id):
        tagging.remove_tags(work, ContactId(contact_id), [tag.name for tag in theirs], rule=rule)
    return len(tags) == limit
