"""`xiaoer sop simulate` and `replay`: walk an SOP without sending anything."""

from dataclasses import asdict
from datetime import UTC

import click

from bot.cli_sop.desk import as_json_option, library_of, look_up, moment_of, now, print_json, say, settings
from bot.cli_sop.rehearse import RehearsedLimits, hearing
from bot.sop import telling
from bot.sop.release import draft_of
from bot.sop.replay import replay
from bot.sop.simulate import simulate


@click.command("simulate")
@click.argument("name")
@click.option("--contacts", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed invents the same people.")
@as_json_option
def simulate_(name: str, contacts: int, days: int, seed: int, as_json: bool) -> None:
    """Let invented contacts walk an SOP, by name or file, on a virtual clock. Nothing is sent."""
    found = settings()
    library = library_of(found)
    start = now().astimezone(found.zone).replace(hour=8, minute=0, second=0, microsecond=0).astimezone(UTC)
    told = simulate(
        library,
        draft_of(library, name),
        start=start,
        contacts=contacts,
        days=days,
        seed=seed,
        limits=RehearsedLimits(),
    )
    if as_json:
        print_json({**asdict(told), "entered": told.entered})
    else:
        say(telling.simulated(told, found.zone))


@click.command("replay")
@click.argument("file")
@click.option("--since", required=True, help="2026-02-01, or how long ago: 7d.")
@as_json_option
def replay_(file: str, since: str, as_json: bool) -> None:
    """Walk a version over the recorded events, without sending, and compare with what happened."""
    found = settings()
    library = library_of(found)
    draft, moment, until = draft_of(library, file), moment_of(found, since), now()
    told = look_up(found, lambda session: replay(session, library, draft, hearing(found), since=moment, until=until))
    if as_json:
        parts = {"same": told.same, "only_was": told.only_was, "only_would": told.only_would}
        print_json({"sop": told.sop, "digest": told.digest, "since": told.since, "events": told.events, **parts})
    else:
        say(telling.replayed(told, found.zone))
