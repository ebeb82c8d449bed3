"""Conditions from YAML, asked of the town."""

from datetime import timedelta
from typing import Any

from bot.model.events import Event
from bot.sop import segments, source
from bot.sop.conditions import Condition, parse_condition
from bot.sop.reading import Reading
from bot.sop.scope import Judgement, Scope, Subject
from tests.sops.town import Town


def condition(text: str) -> Condition:
    reading = Reading("test.yaml", source.read(text))
    found = parse_condition(reading, reading.source.value, ())
    assert not reading.findings, reading.findings
    return found


def problems(text: str) -> list[str]:
    reading = Reading("test.yaml", source.read(text))
    parse_condition(reading, reading.source.value, ())
    return [finding.code for finding in reading.findings]


def scope(town: Town, subject: Subject = "contact", event: Event | None = None, **more: Any) -> Scope:
    return Scope(subject=subject, now=town.clock.now(), event=event, **more)


def segment(town: Town, text: str, subject: Subject = "contact", **more: Any) -> list[Any]:
    """The ids of everybody in the segment; each of them is asked alone as well."""
    asked, around = condition(text), scope(town, subject, **more)
    members = town.work(lambda work: segments.members(work.session, asked, around))
    everybody = town.work(lambda work: segments.members(work.session, condition("time.month: exists"), around))
    alone = [one for one in everybody if judge(town, text, one, subject, **more).passed]
    assert alone == members
    assert town.work(lambda work: segments.count(work.session, asked, around)) == len(members)
    return members


def judge(town: Town, text: str, subject_id: Any = 1, subject: Subject = "contact", **more: Any) -> Judgement:
    around = scope(town, subject, **more)
    return town.work(lambda work: segments.judge(work.session, condition(text), around, subject_id))


DAY = timedelta(days=1)
