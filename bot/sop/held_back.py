"""Why something was not done: the rules of the suppression ledger in words."""

from collections.abc import Mapping

from bot.i18n import Sentence

RULES: Mapping[str, Sentence] = {
    "when": "does not meet the conditions",
    "paused": "the SOP is paused",
    "mutex": "another SOP of its group has priority",
    "reentry": "was in it before",
    "rollout": "not yet in the rollout",
    "holdout": "held out for comparison",
    "frequency cap": "has had enough messages for now",
    "same content": "has been told the same lately",
    "quiet hours": "it was the hours of rest",
    "consent": "has not agreed to marketing",
    "planned before": "was planned before",
    "no welcome code": "the callback brought no welcome code",
    "already greeted": "had been greeted already",
    "no contact": "there is no contact",
    "no group": "there is no group",
    "no staff member": "there is no staff member",
    "no member of a group": "it is about no member of a group",
    "no message to answer": "there is no message to answer",
    "no way to answer there": "this channel cannot be answered",
    "no mail address": "no mail address is known",
    "no phone number": "no phone number is known",
    "no mass send to remind of": "there is no mass send to remind of",
    "confirmed already": "the staff member has confirmed it already",
    "already theirs": "the contact is theirs already",
    "nobody follows this contact": "no staff member follows this contact",
    "does not follow the official account": "does not follow the official account",
    "not known at the official account": "is not known at the official account",
    "not known at the mini-program": "is not known at the mini-program",
    "silent for more than 48 hours": "has been silent at the official account for more than 48 hours",
    "only one follower": "a mass send takes two followers or more, and a message alone an act in the last 48 hours",
    "SOPs start one another": "SOPs start one another in a circle",
}

IN_DETAIL: Mapping[str, Sentence] = {
    "mutex": "gave way to {winner}, which has priority",
    "rollout": "not yet among the {percent} % it is let out to",
    "holdout": "one of the {percent} % held out for comparison",
}
"""The same, where the ledger knows more."""
