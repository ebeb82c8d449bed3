"""The SOPs and rules in force. Files may be edited at any time; a bad one is named, and the last good stays."""

from pathlib import Path

from bot import log
from bot.community import rules
from bot.community.rules import Rules, RulesError
from bot.settings import Settings
from bot.sop import library
from bot.sop.library import Library, Stamp
from bot.sop.publish import publish
from bot.storage.work import Store

logger = log.get(__name__)


class Knowledge:
    """Reads `sops/` at the start, and again when something there has changed."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store, self._folder = store, settings.sops / "rules"
        self._rule_stamps: dict[Path, Stamp] | None = None
        self.library = Library(folder=settings.sops, around=library.surroundings_of(settings))
        self.rules = Rules()
        self.broken_rules = ""

    @property
    def broken(self) -> list[str]:
        """What is wrong with the files, a line each: what they say is not in force."""
        return [*([self.broken_rules] if self.broken_rules else []), *map(str, self.library.broken.values())]

    async def refresh(self) -> bool:
        """Read what has changed; returns whether the SOPs in force are others now."""
        self._read_rules()
        read, _findings = self.library.reload()
        if read is self.library:
            return False
        self.library = await self._store.work(lambda work: publish(work, read))
        return True

    def _read_rules(self) -> None:
        stamps = library.stamps_of(path for path in self._folder.rglob("*") if path.is_file())
        if stamps == self._rule_stamps:
            return
        self._rule_stamps = stamps
        try:
            self.rules, self.broken_rules = rules.load(self._folder), ""
        except RulesError as error:
            self.broken_rules = str(error)
            logger.error("the rules in force stay, the changed ones do not hold", finding=self.broken_rules)
