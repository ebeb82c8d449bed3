"""Splits and limits that stand in an SOP's head or around its messages, for the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.i18n import Sentence


@dataclass(frozen=True)
class Gate:
    """Who or what it holds back, and by which parameters."""

    name: str
    summary: str
    params: Mapping[str, str] = field(default_factory=dict)
    only_contacts: bool = False


_SUMMARIES: Mapping[str, Sentence] = {
    "winner": "Find a split's best variant and give it to everybody else; a false winner at most 5 times in 100.",
    "rollout": "Let an SOP out stage by stage, such as 1, 5, 25, 100 %, and stop it when too many runs go wrong.",
    "holdout": "Leave a share of the subjects out for comparison.",
    "reentry": "Let a subject come again never, always, or after a time.",
    "mutex": "Of SOPs in one group that begin with the same event, only the one with the highest priority runs.",
    "exit_on": "Let a run be over as soon as an event happens, whatever it waits for.",
    "deadline": "Let a run be over at the latest after a time.",
    "frequency_cap": "Write to a contact at most so often, by one channel or by all.",
    "dedupe": "Say the same words to the same contact only once within a time, 24 hours if not given.",
    "quiet_hours": "Write to no contact at night, unless in answer; the hours are a setting.",
    "consent": "Write to nobody who refused marketing; with a setting, only to those who agreed.",
}
_PARAMS: Mapping[str, Mapping[str, str]] = {
    "winner": {"event": "event", "within": "duration", "min_sample": "number", "min_time": "duration"},
    "rollout": {"percent": "share", "stages": "list of shares", "every": "duration", "stop_loss": "stop loss"},
    "holdout": {"holdout": "share"},
    "reentry": {"after": "duration"},
    "mutex": {"mutex": "text", "priority": "number"},
    "exit_on": {"event": "event", "where": "condition"},
    "deadline": {"deadline": "duration"},
    "frequency_cap": {"count": "number", "per": "duration"},
    "dedupe": {"dedupe": "duration"},
    "quiet_hours": {"XIAOER_REACH__QUIET_FROM": "time of day", "XIAOER_REACH__QUIET_UNTIL": "time of day"},
    "consent": {"purpose": "marketing or service", "XIAOER_REACH__NEEDS_CONSENT": "flag"},
}
_ONLY_CONTACTS = ("frequency_cap", "dedupe", "quiet_hours", "consent")
GATES = [Gate(name, summary, _PARAMS[name], name in _ONLY_CONTACTS) for name, summary in _SUMMARIES.items()]
