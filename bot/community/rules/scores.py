"""`scores.yaml`: what deeds are worth and how long, when points and tags run out."""

from pydantic import Field

from bot.community.rules.files import RuleModel


class Decay(RuleModel):
    """A score loses half of itself in `half_life_days`."""

    half_life_days: int = Field(default=30, ge=1)


class Weights(Decay):
    """A score that is the sum of deeds by their names."""

    weights: dict[str, int] = Field(default_factory=dict)


class Rfm(RuleModel):
    """Recency, frequency and money, of the behaviour `event` in the last `days`."""

    event: str = "order.paid"
    days: int = Field(default=365, ge=1)


class Points(RuleModel):
    """Points run out after `keep_days`; `remind_days` before the contact is told."""

    keep_days: int = Field(default=365, ge=1)
    remind_days: int = Field(default=30, ge=0)


class StaleTags(RuleModel):
    """Tags from `sources` leave a contact who has done nothing for `silent_days`; looked at once a month."""

    sources: tuple[str, ...] = ("rule",)
    silent_days: int = Field(default=180, ge=1)


class ScoreRules(RuleModel):
    """A part that is not there is not done."""

    activity: Weights | None = None
    spread: Weights | None = None
    lead: Decay | None = None
    rfm: Rfm | None = None
    points: Points | None = None
    tags: StaleTags | None = None
