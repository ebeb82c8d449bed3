"""Looking over what no single step shows: SOPs that meet, the quota and the mix of a month, ways that all end.

Source of the quota: developer.work.weixin.qq.com/document/path/92135
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, zip_longest
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.i18n import Sentence, _
from bot.sop import source
from bot.sop.calendar import next_fire
from bot.sop.conditions import AllOf, Condition, Leaf, Not
from bot.sop.findings import Finding
from bot.sop.library import files_of, read_file
from bot.sop.lint import root_of
from bot.sop.mix import MASS_SENDS, Mix, read_mix, said_on, share_of
from bot.sop.schema import (
    Block,
    Branch,
    BranchEvent,
    BranchResult,
    Do,
    Exit,
    Goal,
    If,
    Sop,
    SopStep,
    Wait,
    WaitFor,
    WaitUntil,
)
from bot.sop.scope import SHANGHAI

MONTH, MOST_A_MONTH = timedelta(days=30), 30
"""A contact or customer group gets as many mass sends a month as it has days; the shorter months have fewer still."""
BEGINS = datetime(2026, 3, 31, 16, tzinfo=UTC)
"""From where dates are looked at: the beginning of a month of thirty days in Beijing; one is like another."""
SPEAKS = (
    "send_welcome", "reply", "send_official", "send_official_template", "send_official_subscription",
    "send_miniprogram_subscription", "send_kf_message", "send_sms", "send_mail", *MASS_SENDS,
)  # fmt: skip


def lint_library(paths: Sequence[Path], folder: Path, zone: ZoneInfo = SHANGHAI) -> list[Finding]:
    """What is wrong among the SOPs below `folder`, as far as it touches `paths`. Files that cannot be read are left
    to `lint`."""
    asked = [path for one in paths for path in (files_of(one) if one.is_dir() else [one])]
    given = {path.resolve() for path in asked}
    read = {path.resolve(): read_file(path, root_of(path, folder))[0] for path in [*files_of(folder), *asked]}
    sops = {path: sop for path, sop in read.items() if sop is not None}
    mix = read_mix(folder)
    found: list[Finding] = []
    for path, sop in sops.items():
        if path in given:
            found += [*_unreachable(sop, sop.steps), *_over_quota(sop, zone), *_over_mix(sop, mix, zone)]
    for (path, one), (other_path, other) in combinations(sops.items(), 2):
        if given & {path, other_path} and one.name != other.name:
            later = one if path in given else other
            found += _fight(later, other if later is one else one, zone)
    return sorted(set(found))


# ── two SOPs at one moment ─────────────────────────────────────────────────────────────────────────────────────────


def _fight(sop: Sop, other: Sop, zone: ZoneInfo) -> Iterator[Finding]:
    if sop.subject != other.subject or (sop.mutex and sop.mutex == other.mutex):
        return
    both = {one.action for one in _at_once(sop.steps)} & {one.action for one in _at_once(other.steps)}
    if both and _meet(sop, other, zone) and not _apart(sop.when, other.when):
        message = _("{other} does {action} at the same moment for the same {subject}").format(
            other=other.name, action=min(both), subject=sop.subject
        )
        yield Finding(sop.path, source.line_of(sop.source, "trigger"), "X140", message, "warning")


def _at_once(block: Block) -> Iterator[Do]:
    """The steps that speak before anything is waited for, on whichever way."""
    for step in block:
        if isinstance(step, Wait | WaitUntil | WaitFor | Exit | Goal):
            return
        if isinstance(step, Do) and step.action in SPEAKS:
            yield step
        for below in step.blocks.values():
            yield from _at_once(below)


def _meet(one: Sop, other: Sop, zone: ZoneInfo) -> bool:
    if one.trigger.is_schedule and other.trigger.is_schedule:
        return bool(set(_fires(one, zone)) & set(_fires(other, zone)))
    return one.trigger.heard_as == other.trigger.heard_as


def _fires(sop: Sop, zone: ZoneInfo) -> Iterator[datetime]:
    """The dates of a month."""
    moment = BEGINS - timedelta(microseconds=1)
    while (fire := next_fire(sop.trigger, moment, zone)) is not None and fire < BEGINS + MONTH:
        yield fire
        moment = fire


def _apart(one: Condition, other: Condition) -> bool:
    """Whether two conditions plainly exclude each other: by different values of one fact, or one denies the other."""
    mine, theirs = list(_musts(one)), list(_musts(other))
    return any(_exclude(a, b) or _exclude(b, a) for a in mine for b in theirs)


def _musts(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, AllOf):
        for part in condition.parts:
            yield from _musts(part)
    else:
        yield condition


def _exclude(one: Condition, other: Condition) -> bool:
    match one, other:
        case Not(part=Leaf() as denied), Leaf():
            return (denied.filter.name, denied.wanted) == (other.filter.name, other.wanted)
        case Leaf(), Leaf() if one.filter.name == other.filter.name and one.params == other.params:
            mine, theirs = _values(one), _values(other)
            return bool(mine and theirs) and not mine & theirs
        case _:
            return False


def _values(leaf: Leaf) -> frozenset[object]:
    """The only values a fact may have; empty when they cannot be counted."""
    for test in leaf.tests:
        if test.operator in ("eq", "is"):
            return frozenset([test.operand])
        if test.operator == "in":
            return frozenset(test.operand)
    return frozenset()


# ── a month ─────────────────────────────────────────────────────────────────────────────────────────────


def _over_quota(sop: Sop, zone: ZoneInfo) -> Iterator[Finding]:
    fires = list(_fires(sop, zone)) if sop.trigger.is_schedule else [BEGINS]
    if sop.reentry.rule == "never":
        fires = fires[:1]
    elif sop.reentry.after is not None:
        fires = fires[: ceil(MONTH / sop.reentry.after)]
    sends = [step for fire in fires for step in said_on(sop, fire, zone)]
    if len(sends) > MOST_A_MONTH:
        message = _("up to {count} mass sends a month to one {subject}: WeCom delivers {limit}").format(
            count=len(sends), subject=sop.subject, limit=MOST_A_MONTH
        )
        yield Finding(sop.path, min(step.line for step in sends), "X141", message, "warning")


def _over_mix(sop: Sop, mix: Mix | None, zone: ZoneInfo) -> Iterator[Finding]:
    if mix is None or sop.subject != "group" or not sop.trigger.is_schedule:
        return
    found = share_of(sop, mix, list(_fires(sop, zone)), zone)
    if found is not None and found.percent > mix.most_percent:
        message = _("{percent} % of a month's {count} posts are promotion, {limit} % are allowed").format(
            percent=round(found.percent), count=found.posts, limit=round(mix.most_percent)
        )
        yield Finding(sop.path, found.line, "X142", message, "warning")


# ── ways that all end ──────────────────────────────────────────────────────────────────────────────────────────────


def _unreachable(sop: Sop, block: Block) -> Iterator[Finding]:
    for step, following in zip_longest(block, block[1:]):
        for below in step.blocks.values():
            yield from _unreachable(sop, below)
        if following is not None and step.blocks and _ends(step):
            message = _("every way of the `{step}` before it ends: this is never reached").format(step=step.name)
            yield Finding(sop.path, following.line, "X114", message)


def _ends(step: SopStep) -> bool:
    """Whether no way leads past a step."""
    return isinstance(step, Exit | Goal) or (
        isinstance(step, If | Branch | BranchEvent | BranchResult | WaitFor)
        and all(below and _ends(below[-1]) for below in step.blocks.values())
    )


# ── what to do about it ────────────────────────────────────────────────────────────────────────────────────────────

FIXES: dict[str, Sentence] = {
    "X100": "write it as YAML: check quotes, brackets and indentation on this line and the one before",
    "X101": "remove the key, or spell it as the catalogue does: xiaoer catalogue",
    "X102": "add the key",
    "X103": "write a value of the kind that is named here",
    "X104": "write a whole number and a unit: 30s, 10m, 24h, 7d, 2w",
    "X105": "give the step exactly one of its kinds, each step its own “-”",
    "X106": "use an action that exists: xiaoer catalogue lists them",
    "X107": "use a filter that exists: xiaoer catalogue lists them",
    "X108": "use an operator of this kind of fact",
    "X109": "write an operand that the operator can use",
    "X110": "let `sop`, its folder and `subject` say the same",
    "X111": "use a trigger that exists, or write a custom event as {event: order.paid}",
    "X112": "write a cron line with five fields, a moment as 2026-02-01 08:00, a time of day as 08:30",
    "X113": "add `default`, if only with a `note`",
    "X114": "move the step before the end, or remove it",
    "X116": "choose a trigger that names such a subject, or another action",
    "X117": "ask something that is known of this subject at this moment",
    "X118": "choose an event that is about this subject",
    "X120": "use the names and filters that texts have, such as {{ contact.name | default('朋友') }}",
    "X121": "shorten the text, or send it in two",
    "X122": "put the file into sops/media, or name one that is there",
    "X123": "configure the adapter, or use an action that the configured ones can do",
    "X124": "give a split two variants or more, each with a weight",
    "X125": "name an SOP that exists",
    "X126": "give every step an id of its own, and refer to one that is there",
    "X127": "define the segment in sops/segments, or name one that is there",
    "X140": "give both the same `mutex` and different priorities, or conditions that exclude each other",
    "X141": "run it less often, add `reentry: {after: …}`, or send fewer messages",
    "X142": "make a post useful or interactive, or post this one less often",
}
"""What to do about a finding, by its code."""


def fix_of(code: str) -> str:
    return _(FIXES[code]) if code in FIXES else ""


LIBRARY_CODES: Mapping[str, str] = {
    "X114": "steps that are never reached",
    "X140": "two SOPs at one moment",
    "X141": "more messages than a month's quota",
    "X142": "more promotion than the mix allows",
}
"""Codes of this module, and what they mean."""
