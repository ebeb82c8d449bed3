"""Commands as somebody types them, in this process: a new one would spend seconds on its imports."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: object
    out: str
    err: str


class Shell:
    """A folder to type commands in, without any setting that is not given."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, listening: pytest.CaptureFixture[str]) -> None:
        self._folder, self._patch, self._listening = folder, patch, listening

    def xiaoer(self, given: Mapping[str, str], *words: str) -> Ended:
        with self._patch.context() as changed:
            for name in [name for name in os.environ if name.startswith("XIAOER_")]:
                changed.delenv(name)
            for name, value in given.items():
                changed.setenv(name, value)
            changed.chdir(self._folder)
            changed.setattr("sys.argv", ["xiaoer", *words])
            code = self._end()
        said = self._listening.readouterr()
        return Ended(code, said.out, said.err)

    def _end(self) -> object:
        try:
            main()
        except SystemExit as end:
            return end.code
        return 0
