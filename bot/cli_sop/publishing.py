"""`xiaoer sop plan`, `publish` and `rollback`: what a version changes, and putting it in force."""

import click

from bot.cli_sop.desk import act_on, as_json_option, library_of, look_up, now, print_json, say, settings
from bot.cli_sop.rehearse import RehearsedLimits, hearing
from bot.i18n import _
from bot.settings import Settings
from bot.sop import release, telling
from bot.sop.library import Library
from bot.sop.plan import Planned, plan
from bot.sop.release import draft_of


@click.command("plan")
@click.argument("file")
@as_json_option
def plan_(file: str, as_json: bool) -> None:
    """Say what publishing a version would change: whom it reaches, with how many messages, until when."""
    found = settings()
    told = planned_by(found, library_of(found), file)
    if as_json:
        print_json(
            {
                "sop": told.sop,
                "digest": told.digest,
                "in_force": told.in_force,
                "at": told.after.at,
                "joins": told.joins,
                "leaves": told.leaves,
                "channels": told.channels,
                "groups": told.groups,
                "all_sent_at": told.all_sent_at,
                "quotas": told.quotas,
            }
        )
    else:
        say(telling.planned(told, found.zone))


def planned_by(found: Settings, library: Library, file: str) -> Planned:
    draft, hear, at = draft_of(library, file), hearing(found), now()
    return look_up(found, lambda session: plan(session, library, draft, hear, now=at, limits=RehearsedLimits()))


@click.command("publish")
@click.argument("file")
@click.option("--yes", is_flag=True, help="Do not ask.")
def publish_(file: str, yes: bool) -> None:
    """Put a version in force, after showing what that changes."""
    found = settings()
    library = library_of(found)
    say(telling.planned(planned_by(found, library, file), found.zone))
    if not yes:
        click.confirm(_("Publish it?"), abort=True)
    path = release.publish(library, release.draft_of(library, file))
    click.echo(_("{path} is written; a running bot takes it up within seconds.").format(path=path))


@click.command("rollback")
@click.argument("name")
@click.option("--to", "digest", default="", help="The beginning of a version's digest; the one before when not given.")
def rollback_(name: str, digest: str) -> None:
    """Put an earlier version in force again; whoever is under way finishes on theirs."""
    found = settings()
    library = library_of(found)
    path = release.publish(library, act_on(found, lambda work: release.previous(work, name, digest)))
    click.echo(_("{path} is written; a running bot takes it up within seconds.").format(path=path))
