"""`tagging.yaml` and `scoring.yaml`: which words earn a tag, and which are worth points."""

from pydantic import Field, model_validator

from bot.community.rules.files import RuleModel, TagName, Word
from bot.i18n import _
from bot.text.match import WordRule


class Words(RuleModel):
    """Passes with one of `any`, every one of `all` and not one of `none`; `tokens`: whole words only."""

    any: tuple[Word, ...] = ()
    all: tuple[Word, ...] = ()
    none: tuple[Word, ...] = ()
    tokens: bool = False

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Words":
        if not self.any and not self.all:
            raise ValueError(_("needs at least one word in any or all"))
        return self

    @property
    def word_rule(self) -> WordRule:
        return WordRule(self.any, self.all, self.none, self.tokens)


class TaggingRule(Words):
    """The tags that a passing message earns its writer, for `keep_days` when given."""

    tags: tuple[TagName, ...] = Field(min_length=1)
    keep_days: int | None = Field(default=None, ge=1)


class TaggingRules(RuleModel):
    rules: dict[str, TaggingRule] = Field(default_factory=dict)


class Intent(Words):
    """Words that show how near a contact is to buying, and what they are worth."""

    points: int


class ScoringRules(RuleModel):
    """Points for words and for behaviours; without a `line` the setting `XIAOER_LEAD_LINE` is it."""

    line: int | None = Field(default=None, ge=1)
    lead: str = "opportunity"
    to: tuple[str, ...] = ("event_staff", "event_staff_managers")
    words: dict[str, Intent] = Field(default_factory=dict)
    behaviours: dict[str, int] = Field(default_factory=dict)
