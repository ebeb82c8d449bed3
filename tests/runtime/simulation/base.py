"""What every seed begins with: a database that is migrated and has read the corp once, and the files of the house."""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import demo
from bot.clock import ManualClock
from bot.platforms.simulator import SimulatorConfig
from bot.runtime.knowledge import Knowledge
from bot.settings import HOUSE, Settings
from bot.storage.work import Store
from bot.text import tokens
from tests import blank
from tests.runtime.simulation.disk import Disk, Held
from tests.runtime.simulation.fate import Fate
from tests.runtime.simulation.life import Bells
from tests.runtime.simulation.wire import BASE

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""A Monday morning, ten o'clock in Shanghai."""
SOPS = ("contact/welcome", "contact/spring", "contact/loss", "contact/refund", "contact/official", "group/joined")
BEFORE = START - timedelta(hours=1)


@dataclass
class Base:
    """Read once for all seeds of a process; `content` is the database that each begins with."""

    disk: Disk
    content: bytes
    settings: Settings
    knowledge: Knowledge
    config: SimulatorConfig
    folder: "tempfile.TemporaryDirectory[str]"


async def prepare() -> Base:
    """A migrated database in which the library is published, before anything was read."""
    tokens.load()
    folder = tempfile.TemporaryDirectory(prefix="xiaoer-simulation-")
    key, public = blank.archive_keys(Path(folder.name))
    config = SimulatorConfig(archive_public_key=public)
    sops = _library(Path(folder.name) / "sops")
    settings = demo.settings(config, BASE, key, sops=sops)
    disk, calm = Disk(), Fate(0)
    calm.calm()
    disk.load(blank.migrated())
    knowledge = Knowledge(settings, Store(Held(disk, calm), Bells(calm), ManualClock(START)))
    await knowledge.refresh()
    return Base(disk, disk.save(), settings, knowledge, config, folder)


def _library(folder: Path) -> Path:
    """A few of the shipped SOPs, so that a seed tells the same story when others are added."""
    shutil.copytree(HOUSE / "sops" / "rules", folder / "rules")
    for name in SOPS:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(HOUSE / "sops" / f"{name}.yaml", folder / f"{name}.yaml")
    return folder
