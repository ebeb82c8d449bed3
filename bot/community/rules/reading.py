"""What the rules make of one message: read once, whoever asks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.community.rules.hygiene import HygieneRule, HygieneRules
from bot.community.rules.words import ScoringRules, TaggingRules
from bot.i18n import _
from bot.text.contacts import find_contact_details
from bot.text.lexicon import Lexicon
from bot.text.links import find_links, is_allowed
from bot.text.match import Match, RuleBook, Span
from bot.text.normalise import Normalised, normalise


@dataclass(frozen=True, slots=True)
class Breach:
    """A place in the original text, `text[start:end]`, that a hygiene rule is broken by."""

    rule: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tagging rule that passed, the words that made it pass, and the tags it gives."""

    rule: str
    words: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """An intent that shows in the words, and the points it is worth."""

    rule: str
    words: tuple[str, ...]
    points: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything the rules found in one message; the breaches of one rule do not overlap."""

    breaches: tuple[Breach, ...] = ()
    tags: tuple[Tagged, ...] = ()
    intents: tuple[Scored, ...] = ()
    has_link: bool = False


NOTHING = Reading()


class Reader:
    """The rules, compiled: two passes of automata over one normalised text, however many rules there are."""

    def __init__(
        self, hygiene: HygieneRules, tagging: TaggingRules, scoring: ScoringRules, words: Mapping[str, Iterable[str]]
    ) -> None:
        """`words` are the blocked words of each hygiene rule, those from files too."""
        owners: dict[str, list[str]] = {}
        for name, blocked in words.items():
            for word in dict.fromkeys(blocked):
                owners.setdefault(word, []).append(name)
        self._blocked = Lexicon(owners) if owners else None
        self._hygiene, self._tagging, self._scoring = hygiene.rules, tagging.rules, scoring.words
        tags = {f"tag:{name}": rule.word_rule for name, rule in tagging.rules.items()}
        intents = {f"intent:{name}": rule.word_rule for name, rule in scoring.words.items()}
        self._book = RuleBook(tags | intents) if tags or intents else None
        self._last: tuple[str, Reading] = ("", NOTHING)

    def read(self, text: str) -> Reading:
        """The handlers of one message ask one after the other, so the last answer is kept."""
        asked, reading = self._last
        if asked == text:
            return reading
        reading = self._read(normalise(text))
        self._last = (text, reading)
        return reading

    def _read(self, text: Normalised) -> Reading:
        matches = self._book.judge(text) if self._book else []
        return Reading(
            breaches=tuple(self._breaches(text)),
            tags=tuple(Tagged(name, words, self._tagging[name].tags) for name, words in _passed(matches, "tag:")),
            intents=tuple(
                Scored(name, words, self._scoring[name].points) for name, words in _passed(matches, "intent:")
            ),
            has_link=bool(find_links(text)),
        )

    def _breaches(self, text: Normalised) -> Iterator[Breach]:
        blocked = self._blocked_words(text)
        for name, rule in self._hygiene.items():
            for start, end in _apart([*blocked.get(name, ()), *_places(rule, text)]):
                yield Breach(name, start, end)

    def _blocked_words(self, text: Normalised) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = {}
        for hit in self._blocked.find_all(text) if self._blocked else ():
            for rule in hit.value:
                found.setdefault(rule, []).append((hit.start, hit.end))
        return found


def _places(rule: HygieneRule, text: Normalised) -> Iterator[Span]:
    if rule.links is not None:
        for link in find_links(text):
            if not is_allowed(link.host, rule.links.allow):
                yield link.start, link.end
    if rule.details:
        for detail in find_contact_details(text):
            if detail.kind in rule.details:
                yield detail.start, detail.end


def _apart(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order; those that overlap become one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _passed(matches: list[Match], prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for match in matches:
        if match.rule.startswith(prefix):
            yield match.rule.removeprefix(prefix), match.words


def title_of(hygiene: HygieneRules, name: str, language: str | None = None) -> str:
    """A rule by the name that people see."""
    rule = hygiene.rules.get(name)
    if rule is not None and rule.title:
        return _(rule.title, language)
    if rule is not None and rule.links is not None:
        return _("unlisted link", language)
    if rule is not None and rule.details:
        return _("contact details", language)
    return name
