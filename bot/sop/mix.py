"""The mix of a community's month: useful, interactive, promotional. `sops/rules/mix.yaml` says what is what."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.community.rules.files import RuleModel, read
from bot.sop.conditions import AllOf, AnyOf, Condition, Leaf, Not, leaves
from bot.sop.schema import Block, Branch, Do, If, Sop, SopStep
from bot.sop.scope import Scope

MASS_SENDS = ("send_mass", "invite_to_group", "post_to_group")


class Promotion(RuleModel):
    most_percent: float = Field(ge=0, le=100)
    words: tuple[str, ...]


class Interaction(RuleModel):
    words: tuple[str, ...] = ()


class Mix(RuleModel):
    """What the configured mix says of a post; without words nothing is promotion."""

    promotion: Promotion = Promotion(most_percent=100, words=())
    interaction: Interaction = Interaction()

    @property
    def fewest(self) -> float:
        """How many posts there have to be before one of them could be promotion at all."""
        return 100 / self.promotion.most_percent if self.promotion.most_percent else 0

    def kind_of(self, text: str) -> str:
        if any(word in text for word in self.promotion.words):
            return "promotion"
        return "interaction" if any(word in text for word in self.interaction.words) else "useful"


def read_mix(folder: Path) -> Mix:
    """The mix that is configured. Raises `RulesError`."""
    return read(folder / "rules" / "mix.yaml", Mix)


def posts_on(sop: Sop, fires: Iterable[datetime], zone: ZoneInfo) -> list[Do]:
    """The posts in groups of these dates."""
    return [step for fire in fires for step in said_on(sop, fire, zone) if step.action == "post_to_group"]


def promotion_in(posts: Iterable[Do], mix: Mix) -> list[Do]:
    return [post for post in posts if mix.kind_of(str(getattr(post.params, "text", ""))) == "promotion"]


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
