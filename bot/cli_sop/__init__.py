"""`xiaoer sop …` and `xiaoer undo`: check SOPs, try them out, publish them, explain and take back what they did."""

import click

from bot.cli_sop.checking import lint_, schema_
from bot.cli_sop.explaining import explain_, undo
from bot.cli_sop.publishing import plan_, publish_, rollback_
from bot.cli_sop.segment import segment_
from bot.cli_sop.trying import replay_, simulate_

__all__ = ["sop", "undo"]


@click.group()
def sop() -> None:
    """SOPs: check them, try them out, publish them, explain what they did."""


for one in (lint_, schema_, simulate_, replay_, plan_, publish_, rollback_, explain_, segment_):
    sop.add_command(one)
