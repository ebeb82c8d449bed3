"""What was found when something was decided: it was written down, and wins over what stands in the database today.

A library that looks back has evidence of the past; one in force has none, and everything is asked anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from bot.model.tables import StepRun
from bot.sop.conditions import Leaf
from bot.sop.schema import Position, Sop, Split, spelled, step_at

Answer = tuple[bool, Any]
"""Whether a leaf passed, and what was found."""
Answers = Mapping[bytes, Answer]
"""By the signature of the leaf."""
Why = tuple[str, Mapping[str, Any]]
"""The rule that shut a gate, and its detail."""
OPEN: Why = ("", {})


class Scene(NamedTuple):
    """Where something is decided: for which run of which SOP and subject, when, and on whose trace."""

    sop: str
    subject: str
    occasion: str
    """What began the run, or would have; the same in every database."""
    at: datetime
    trace_id: str


@dataclass(frozen=True)
class Crowd:
    """Who met the `when` of a schedule: subject ids, by the version that was in force."""

    digest: str
    ids: frozenset[str]


@dataclass(frozen=True)
class Evidence:
    """Everything is kept by its scene, but the crowds by SOP and date."""

    answers: Mapping[Scene, Answers] = field(default_factory=dict)
    steps: Mapping[Scene, Sequence[StepRun]] = field(default_factory=dict)
    stages: Mapping[Scene, tuple[str, Why]] = field(default_factory=dict)
    """What the rollout of a version (its digest, where it is known) said."""
    crowds: Mapping[tuple[str, datetime], Crowd] = field(default_factory=dict)

    def known(self, scene: Scene) -> Answers:
        return self.answers.get(scene, {})

    def count(self, scene: Scene, event: str, since: str | None) -> int | None:
        """How often an event had happened since a step, or since the run began, for a branch that asked about it."""
        told = (one.detail for one in self.steps.get(scene, ()) if one.name == "branch_event")
        asked = (detail for detail in told if (detail["event"], detail.get("since")) == (event, since))
        return next((int(detail["count"]) for detail in asked), None)

    def results(self, scene: Scene, sop: Sop, position: Position) -> Sequence[str] | None:
        """What had become of a step, for a branch that asked about it."""
        told = (one.detail for one in self.steps.get(scene, ()) if one.name == "branch_result")
        return next((detail["found"] for detail in told if sop.named.get(detail["of"]) == spelled(position)), None)

    def winner(self, scene: Scene, sop: Sop, position: Position) -> str | None:
        """The variant that had won a split; empty when none had."""
        split = step_at(sop, position)
        told = (one for one in self.steps.get(scene, ()) if (one.position, one.name) == (spelled(position), "split"))
        won = next((one.outcome if one.detail.get("winner") else "" for one in told), None)
        is_there = isinstance(split, Split) and won in ("", *(one.name for one in split.variants))
        return won if is_there else None

    def rollout(self, scene: Scene, sop: Sop) -> Why | None:
        """What the rollout of this version said: `OPEN`, or why not; None when that is not known."""
        digest, why = self.stages.get(scene, ("", None))
        if why is None or (why == OPEN and digest != sop.digest):
            return None
        rule, detail = why
        fits = rule != "rollout" or detail.get("percent") in sop.rollout.stages
        return why if fits and (rule != "stop_loss" or sop.rollout.stop_loss is not None) else None

    def crowd(self, sop: Sop, at: datetime) -> frozenset[str] | None:
        """Who met the `when` of this version at a date."""
        found = self.crowds.get((sop.name, at))
        return found.ids if found is not None and found.digest == sop.digest else None


NONE = Evidence()


def signature(name: str, wanted: Any) -> bytes:
    """The same for the same question, whether it is read from a file or from what was written down."""
    return orjson.dumps([name, wanted], default=str, option=orjson.OPT_SORT_KEYS)


def signature_of(leaf: Leaf) -> bytes:
    return signature(leaf.filter.name, leaf.wanted)
