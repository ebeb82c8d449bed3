"""`replies.yaml` and `live_codes.yaml`: what followers are answered, and what a channel brings along."""

from pydantic import Field, model_validator

from bot.community.rules.files import RuleModel, TagName, Word
from bot.i18n import _


class Reply(RuleModel):
    """A text for messages that are one of `exact`, or hold one of `contains`."""

    exact: tuple[Word, ...] = ()
    contains: tuple[Word, ...] = ()
    text: str = Field(min_length=1)

    @model_validator(mode="after")
    def _answers_something(self) -> "Reply":
        if not self.exact and not self.contains:
            raise ValueError(_("needs at least one word in exact or contains"))
        return self


class Greeting(RuleModel):
    """What a new follower is told, and the tags they get."""

    text: str = ""
    tags: tuple[TagName, ...] = ()


class Greetings(Greeting):
    """The greeting, and those for followers who came by a certain scene."""

    scenes: dict[str, Greeting] = Field(default_factory=dict)


class ReplyRules(RuleModel):
    """The first rule that passes answers; `default` answers when none does, and may be empty."""

    default: str = ""
    subscribe: Greetings = Greetings()
    rules: dict[str, Reply] = Field(default_factory=dict)


class LiveCode(RuleModel):
    """A channel: the tags of those who come by it, and a welcome of its own if it has one."""

    tags: tuple[TagName, ...] = ()
    text: str = ""


class LiveCodes(RuleModel):
    """Live codes by their `state`; a name that ends in `*` stands for every state that begins so."""

    codes: dict[str, LiveCode] = Field(default_factory=dict)

    def find(self, state: str) -> LiveCode | None:
        """The code of exactly this state, or the one with the longest fitting beginning."""
        if state in self.codes:
            return self.codes[state]
        fitting = [name for name in self.codes if name.endswith("*") and state.startswith(name[:-1])]
        return self.codes[max(fitting, key=len)] if fitting and state else None
