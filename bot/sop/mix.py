"""The mix of a community's month: useful, interactive, promotional. `sops/rules/mix.yaml` says what is what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.sop import source
from bot.sop.conditions import AllOf, AnyOf, Condition, Leaf, Not, leaves
from bot.sop.schema import Block, Branch, Do, If, Sop, SopStep
from bot.sop.scope import Scope

MASS_SENDS = ("send_mass", "invite_to_group", "post_to_group")
PROGRAMME = 3
"""How many posts an SOP needs before it counts as a programme of its own: one post is an ingredient."""


@dataclass(frozen=True)
class Mix:
    most_percent: float
    promotion: tuple[str, ...]
    interaction: tuple[str, ...] = ()

    def kind_of(self, text: str) -> str:
        if any(word in text for word in self.promotion):
            return "promotion"
        return "interaction" if any(word in text for word in self.interaction) else "useful"


@dataclass(frozen=True)
class Share:
    """How much of it is promotion; `line` is where the first of it stands."""

    percent: float
    posts: int
    line: int


def read_mix(folder: Path) -> Mix | None:
    """The mix that is configured; None when none is."""
    path = folder / "rules" / "mix.yaml"
    if not path.is_file():
        return None
    raw = source.read(path.read_text(encoding="utf-8")).value
    promotion, interaction = raw["promotion"], raw.get("interaction", {})
    return Mix(
        float(promotion["most_percent"]),
        tuple(map(str, promotion["words"])),
        tuple(map(str, interaction.get("words", ()))),
    )


def share_of(sop: Sop, mix: Mix, fires: Sequence[datetime], zone: ZoneInfo) -> Share | None:
    """What the posts of these dates are made of; None for an SOP that is no programme."""
    posts = [step for fire in fires for step in said_on(sop, fire, zone) if step.action == "post_to_group"]
    if len({post.line for post in posts}) < PROGRAMME:
        return None
    promotion = [post for post in posts if mix.kind_of(str(getattr(post.params, "text", ""))) == "promotion"]
    line = min((post.line for post in promotion), default=1)
    return Share(100 * len(promotion) / len(posts), len(posts), line)


def said_on(sop: Sop, fire: datetime, zone: ZoneInfo) -> list[Do]:
    """The mass sends of a run that begins then: of several ways the one with the most of them.

    Only conditions on the date itself are asked; any other may hold or not.
    """
    return _most(sop.steps, Scope(subject=sop.subject, now=fire, zone=zone))


def _most(block: Block, scope: Scope) -> list[Do]:
    found: list[Do] = []
    for step in block:
        if isinstance(step, Do) and step.action in MASS_SENDS:
            found.append(step)
        ways = sorted((_most(below, scope) for below in _ways(step, scope)), key=len)
        found += ways[-1] if ways else []
    return found


def _ways(step: SopStep, scope: Scope) -> Iterator[Block]:
    """The ways that are open below a step."""
    match step:
        case If(condition=condition) if _is_date(condition):
            yield step.then if _holds(condition, scope) else step.otherwise
        case Branch(cases=cases):
            for case in cases:
                if not _is_date(case.condition):
                    yield case.steps
                elif _holds(case.condition, scope):
                    yield case.steps
                    return
            yield step.default
        case _:
            yield from step.blocks.values()


def _is_date(condition: Condition) -> bool:
    return all(leaf.filter.name.startswith("time.") for leaf in leaves(condition))


def _holds(condition: Condition, scope: Scope) -> bool:
    match condition:
        case Leaf():
            value, kind = condition.filter.value(scope, condition.params), condition.filter.kind
            return all(kind.test(value, test.operator, test.operand, scope) for test in condition.tests)
        case Not(part):
            return not _holds(part, scope)
        case AllOf(parts):
            return all(_holds(part, scope) for part in parts)
        case AnyOf(parts):
            return any(_holds(part, scope) for part in parts)
