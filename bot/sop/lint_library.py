"""Looking over what no single step shows: SOPs that meet, the quota and the mix of a month, ways that all end.

Source of the quota: developer.work.weixin.qq.com/document/path/92135
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, zip_longest
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.community.rules.files import RulesError
from bot.i18n import _
from bot.sop import segment_files, source
from bot.sop.calendar import next_fire
from bot.sop.conditions import AllOf, AnyOf, Condition, Leaf, Not, leaves
from bot.sop.findings import Finding, shown
from bot.sop.library import files_of, read_file
from bot.sop.lint import checked, root_of
from bot.sop.mix import MASS_SENDS, Mix, posts_on, promotion_in, read_mix, said_on
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
    WaitFor,
    before_waits,
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
    asked = [path for path in checked(paths) if path.parent.name != segment_files.FOLDER]
    given = {path.resolve() for path in asked}
    read = {path.resolve(): read_file(path, root_of(path, folder))[0] for path in [*files_of(folder), *asked]}
    sops = {path: sop for path, sop in read.items() if sop is not None}
    found: list[Finding] = []
    try:
        mix = read_mix(folder)
    except RulesError as error:
        mix = Mix()
        found.append(Finding(shown(error.path), max(error.line, 1), "X128", error.message))
    for path, sop in sops.items():
        if path in given:
            found += [*_unreachable(sop, sop.steps), *_over_quota(sop, zone), *_over_mix(sop, sops.values(), mix, zone)]
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
        yield Finding(sop.path, source.line_of(sop.source, "trigger"), "X140", message)


def _at_once(block: Block) -> Iterator[Do]:
    """The steps that speak before anything is waited for, on whichever way."""
    return (step for step in before_waits(block) if step.action in SPEAKS)


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
            if mine and theirs:
                return not mine & theirs
            beginning, other_beginning = _beginning(one), _beginning(other)
            return not (beginning.startswith(other_beginning) or other_beginning.startswith(beginning))
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


def _beginning(leaf: Leaf) -> str:
    """What a text has to begin with; empty when it may begin with anything."""
    found = [test.operand for test in leaf.tests if test.operator in ("eq", "starts_with")]
    return next((one for one in found if isinstance(one, str)), "")


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
        yield Finding(sop.path, min(step.line for step in sends), "X141", message)


def _over_mix(sop: Sop, library: Iterable[Sop], mix: Mix, zone: ZoneInfo) -> Iterator[Finding]:
    """A group gets the posts of every SOP that may be meant for it."""
    own = promotion_in(_posts(sop, zone), mix)
    if not own:
        return
    beside = [one for one in library if one.name != sop.name and not _apart(sop.when, one.when)]
    posts = [post for one in [sop, *beside] for post in _posts(one, zone)]
    percent = 100 * len(promotion_in(posts, mix)) / len(posts)
    if len(posts) >= mix.fewest and percent > mix.promotion.most_percent:
        message = _("{percent} % of the {count} posts a group gets in a month are promotion, {limit} % are allowed")
        message = message.format(percent=round(percent), count=len(posts), limit=round(mix.promotion.most_percent))
        yield Finding(sop.path, min(post.line for post in own), "X142", message)


def _posts(sop: Sop, zone: ZoneInfo) -> list[Do]:
    """What an SOP posts in a group in a month, by the dates that it has."""
    is_programme = sop.subject == "group" and sop.trigger.is_schedule
    return posts_on(sop, _fires(sop, zone), zone) if is_programme else []


# ── ways that all end ──────────────────────────────────────────────────────────────────────────────────────────────


def _unreachable(sop: Sop, block: Block) -> Iterator[Finding]:
    for step, following in zip_longest(block, block[1:]):
        for below in step.blocks.values():
            yield from _unreachable(sop, below)
        if following is not None and step.blocks and _ends(step):
            message = _("every way of the `{step}` before it ends: this is never reached").format(step=step.name)
            yield Finding(sop.path, following.line, "X114", message)
        if isinstance(step, Branch):
            yield from _covered(sop, step)


def _covered(sop: Sop, branch: Branch) -> Iterator[Finding]:
    """Ways that nobody takes, because an earlier one takes everybody who fits."""
    asked = [frozenset(map(_meaning, _musts(case.condition))) for case in branch.cases]
    for index, case in enumerate(branch.cases):
        if any(earlier <= asked[index] for earlier in asked[:index]):
            line = min((leaf.line for leaf in leaves(case.condition)), default=branch.line)
            message = _("an earlier way takes everybody who would take {name}").format(name=case.name)
            yield Finding(sop.path, line, "X114", message)


def _meaning(condition: Condition) -> object:
    """What a condition asks, wherever it stands."""
    match condition:
        case Leaf():
            return condition.filter.name, str(condition.wanted)
        case Not(part):
            return "not", _meaning(part)
        case AllOf(parts) | AnyOf(parts):
            return type(condition).__name__, frozenset(map(_meaning, parts))


def _ends(step: SopStep) -> bool:
    """Whether no way leads past a step."""
    return isinstance(step, Exit | Goal) or (
        isinstance(step, If | Branch | BranchEvent | BranchResult | WaitFor)
        and all(below and _ends(below[-1]) for below in step.blocks.values())
    )
