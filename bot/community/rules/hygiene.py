"""`hygiene.yaml`: what may not be said in a customer group, by whom it may, and what may be done about it."""

from typing import Literal

from pydantic import Field, model_validator

from bot.community.rules.files import RuleModel, TagName, Word
from bot.i18n import _
from bot.text.contacts import Kind

Measure = Literal["warn", "remove", "block", "ignore"]
MEASURES: tuple[Measure, ...] = ("warn", "remove", "block", "ignore")


class Links(RuleModel):
    """Links to `allow` and below are welcome; every other one breaks the rule."""

    allow: tuple[str, ...] = ()


class HygieneRule(RuleModel):
    """One rule: some words (here and in files), or links, or ways to reach somebody elsewhere."""

    title: str = ""
    words: tuple[Word, ...] = ()
    files: tuple[str, ...] = ()
    links: Links | None = None
    details: tuple[Kind, ...] = ()

    @model_validator(mode="after")
    def _looks_for_one_thing(self) -> "HygieneRule":
        if bool(self.words or self.files) + (self.links is not None) + bool(self.details) != 1:
            raise ValueError(_("needs words (or files), or links, or details: one of the three"))
        return self


class Trusted(RuleModel):
    """Contacts who are not judged. Staff never are."""

    tags: tuple[TagName, ...] = ()
    contacts: tuple[str, ...] = ()


class HygieneRules(RuleModel):
    """With `shadow`, breaches are written down and nobody is told."""

    shadow: bool = False
    merge_minutes: int = Field(default=10, ge=0)
    measures: tuple[Measure, ...] = Field(default=MEASURES, min_length=1)
    trusted: Trusted = Trusted()
    rules: dict[str, HygieneRule] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_measure_once(self) -> "HygieneRules":
        if len(set(self.measures)) != len(self.measures):
            raise ValueError(_("measures: each may stand there once"))
        return self
