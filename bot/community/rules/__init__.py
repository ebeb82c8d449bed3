"""The rules in force: `sops/rules/*.yaml`, read, checked and compiled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.community.rules.answers import Greeting, LiveCode, LiveCodes, Reply, ReplyRules
from bot.community.rules.events import EventRule, EventRules
from bot.community.rules.files import RulesError, read, read_words
from bot.community.rules.hygiene import MEASURES, HygieneRule, HygieneRules, Links, Measure
from bot.community.rules.reading import Breach, Reader, Reading, Scored, Tagged, title_of
from bot.community.rules.scores import Decay, Points, Rfm, ScoreRules, StaleTags, Weights
from bot.community.rules.words import Intent, ScoringRules, TaggingRule, TaggingRules

__all__ = [
    "MEASURES",
    "Breach",
    "Decay",
    "EventRule",
    "EventRules",
    "Greeting",
    "HygieneRule",
    "HygieneRules",
    "Intent",
    "Links",
    "LiveCode",
    "LiveCodes",
    "Measure",
    "Points",
    "Reading",
    "Reply",
    "ReplyRules",
    "Rfm",
    "Rules",
    "RulesError",
    "ScoreRules",
    "Scored",
    "ScoringRules",
    "StaleTags",
    "Tagged",
    "TaggingRule",
    "TaggingRules",
    "Weights",
    "judge_message",
    "load",
    "title_of",
]


@dataclass(frozen=True, eq=False)
class Rules:
    """All rules; `Rules()` has none. `blocked` are the words of the hygiene rules, those from files too."""

    hygiene: HygieneRules = field(default_factory=HygieneRules)
    tagging: TaggingRules = field(default_factory=TaggingRules)
    scoring: ScoringRules = field(default_factory=ScoringRules)
    replies: ReplyRules = field(default_factory=ReplyRules)
    live_codes: LiveCodes = field(default_factory=LiveCodes)
    events: EventRules = field(default_factory=EventRules)
    scores: ScoreRules = field(default_factory=ScoreRules)
    blocked: Mapping[str, Sequence[str]] | None = None
    reader: Reader = field(init=False, repr=False)

    def __post_init__(self) -> None:
        blocked = self.blocked or {name: rule.words for name, rule in self.hygiene.rules.items()}
        object.__setattr__(self, "reader", Reader(self.hygiene, self.tagging, self.scoring, blocked))

    def tags_of_state(self, state: str) -> tuple[str, ...]:
        """The tags that a live code's state brings along."""
        code = self.live_codes.find(state)
        return code.tags if code else ()


def judge_message(rules: Rules, text: str) -> Reading:
    """What all rules say of a message, in one pass; asked again about the same message, it costs nothing."""
    return rules.reader.read(text)


def load(folder: Path) -> Rules:
    """Read the rules of a folder; a missing file has no rules. Raises `RulesError` with file and line."""
    hygiene = read(folder / "hygiene.yaml", HygieneRules)
    return Rules(
        hygiene=hygiene,
        tagging=read(folder / "tagging.yaml", TaggingRules),
        scoring=read(folder / "scoring.yaml", ScoringRules),
        replies=read(folder / "replies.yaml", ReplyRules),
        live_codes=read(folder / "live_codes.yaml", LiveCodes),
        events=read(folder / "events.yaml", EventRules),
        scores=read(folder / "scores.yaml", ScoreRules),
        blocked={name: _words(folder, rule) for name, rule in hygiene.rules.items()},
    )


def _words(folder: Path, rule: HygieneRule) -> tuple[str, ...]:
    return rule.words + tuple(word for file in rule.files for word in read_words(folder / file))
