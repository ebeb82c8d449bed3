"""`xiaoer sop explain` and `xiaoer undo`: why something was done, and taking it back."""

from dataclasses import asdict
from typing import Any

import click
from sqlmodel import Session

from bot.cli_sop.desk import act_on, as_json_option, library_of, look_up, moment_of, print_json, say, settings
from bot.community import contacts
from bot.errors import NotFound
from bot.i18n import _
from bot.model.ids import ExternalUserId
from bot.model.tables import ExternalContact
from bot.sop import reasons, release, telling, trace
from bot.sop import undo as taking_back
from bot.sop.undo import Undoing
from bot.storage.queries import lookups
from bot.storage.work import Work


@click.command("explain")
@click.argument("contact")
@click.argument("name", required=False)
@as_json_option
def explain_(contact: str, name: str | None, as_json: bool) -> None:
    """Say what a contact got and what not, and why: from what was written down at the time."""
    found = settings()
    library = library_of(found)

    def look(session: Session) -> Any:
        contact_id = contacts.id_of(_contact(session, contact))
        told = trace.explain(session, contact_id, name)
        if name and not (told.runs or told.not_done or library.find(name)):
            raise release.unknown(name, library.sops)
        return told if as_json else list(reasons.lines(session, contact_id, told, found.zone, sop=name))

    told = look_up(found, look)
    if as_json:
        print_json(asdict(told))
    else:
        say(told or [_("No event has ever led to an SOP here.")])


def _contact(session: Session, word: str) -> ExternalContact:
    """By number, by external user id, or by a name that only one of them has."""
    number = word.removeprefix("#")
    if number.isdecimal() and len(number) < 19:
        known = session.get(ExternalContact, int(number))
    else:
        known = contacts.find(session, external_user_id=ExternalUserId(word))
    if known is None:
        called = [one for one in lookups.contacts_called(session, word, None, 100) if one.name == word]
        known = called[0] if len(called) == 1 else None
    if known is None:
        sentence = _("nobody is known as {word}: give the number, the external user id or the whole name")
        raise NotFound("contact", word, sentence.format(word=word))
    return known


@click.command()
@click.argument("rule")
@click.option("--since", required=True, help="2026-02-01, or how long ago: 2h.")
@click.option("--dry-run", is_flag=True, help="Only say what would be taken back.")
@as_json_option
def undo(rule: str, since: str, dry_run: bool, as_json: bool) -> None:
    """Take back the tags, points and tasks that a rule gave since a moment, and say what cannot be."""
    found = settings()
    moment = moment_of(found, since)

    def act(work: Work) -> Undoing:
        if dry_run:
            return taking_back.find(work, rule, moment)
        return taking_back.undo(work, rule, moment, actor="cli")

    told = act_on(found, act)
    if as_json:
        print_json({"rule": told.rule, **taking_back.counts(told), "lasting": told.lasting, "dry_run": dry_run})
    else:
        say(telling.undone(told, is_trial=dry_run))
