"""Reading a file: its values, their lines, and what was found wrong so far."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.i18n import _
from bot.sop.durations import parse_duration
from bot.sop.findings import Finding, did_you_mean
from bot.sop.source import Path, Source


@dataclass
class Reading:
    """Collects every finding of one file instead of stopping at the first."""

    path: str
    source: Source
    findings: list[Finding] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.findings)

    def line(self, path: Path) -> int:
        return self.source.line(path)

    def fail(self, code: str, path: Path, message: str) -> None:
        self.findings.append(Finding(self.path, self.line(path), code, message))

    def duration(self, raw: Any, path: Path) -> timedelta:
        """A duration; an hour when it cannot be read, which nobody will use."""
        try:
            return parse_duration(raw)
        except ValueError as error:
            self.fail("X104", path, str(error))
            return timedelta(hours=1)

    def text(self, raw: Any, path: Path, what: str) -> str:
        if isinstance(raw, str) and raw.strip():
            return raw
        self.fail("X103", path, _("`{what}` wants a text").format(what=what))
        return ""

    def count(self, raw: Any, path: Path, what: str) -> int:
        """A whole number from 1 on; 1 when it is none, which nobody will use."""
        if isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw <= 10_000_000:
            return raw
        self.fail("X103", path, _("`{what}` is a whole number from 1 on").format(what=what))
        return 1

    def keys(self, raw: dict[str, Any], path: Path, known: tuple[str, ...]) -> None:
        """Refuse keys that nobody reads."""
        for key in raw:
            if key not in known:
                message = _("`{key}` is not known here.").format(key=key)
                self.fail("X101", (*path, key), message + did_you_mean(key, known))

    def mapping(self, raw: Any, path: Path, what: str) -> dict[str, Any]:
        if isinstance(raw, dict) and raw:
            return raw
        self.fail("X103", path, _("`{what}` wants names and values").format(what=what))
        return {}
