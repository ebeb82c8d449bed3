"""`xiaoer sop segment`: how many are in a segment, and who for example."""

from dataclasses import asdict
from pathlib import Path

import click

from bot.cli_sop.desk import as_json_option, library_of, look_up, now, print_json, say, settings
from bot.sop import telling
from bot.sop.preview import meant, preview


@click.command("segment")
@click.argument("names", nargs=-1)
@click.option("--examples", type=click.IntRange(0, 100), default=5, show_default=True, help="How many to name.")
@as_json_option
def segment_(names: tuple[str, ...], examples: int, as_json: bool) -> None:
    """Count a segment, by name or file, and name some of those in it; all segments when none is named."""
    found = settings()
    library, at = library_of(found), now()
    asked = [meant(library, Path(name) if name.endswith(".yaml") else name) for name in names or library.segments]
    told = look_up(found, lambda session: [preview(session, one, at, found.zone, examples) for one in asked])
    if as_json:
        print_json([asdict(one) for one in told])
    else:
        say(line for one in told for line in telling.previewed(one))
