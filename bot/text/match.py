"""Word rules: any, all and none of some words, for all rules in one pass over the text."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import BadInput
from bot.text.lexicon import Hit, Lexicon
from bot.text.normalise import Normalised, normalise
from bot.text.tokens import tokenise

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WordRule:
    """Passes with at least one of `any` (when there are some), every one of `all`, and not one of `none`.

    Words are found as substrings through every disguise. With `tokens`, a word counts only where it begins and ends
    with a jieba token: 口红 in 新口红很好看, but not 手机 in 二手机会.
    """

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    tokens: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that passed; `spans` are where in the original text, `words` which of the rule's, both in text order."""

    rule: str
    spans: tuple[Span, ...]
    words: tuple[str, ...]


class RuleBook:
    """Rules by name, compiled once; `judge` reads a text once for all of them."""

    def __init__(self, rules: Mapping[str, WordRule]) -> None:
        """Raises `BadInput` for a rule that would pass on every text, or for a word with nothing in it."""
        askers: dict[str, list[str]] = {}
        for name, rule in rules.items():
            if not rule.any and not rule.all:
                raise BadInput(f"the word rule {name} needs at least one word in any or all")
            for word in dict.fromkeys((*rule.any, *rule.all, *rule.none)):
                askers.setdefault(word, []).append(name)
        self._rules = dict(rules)
        self._order = {name: place for place, name in enumerate(rules)}
        self._lexicon = Lexicon(askers)

    def judge(self, text: str | Normalised) -> list[Match]:
        """The rules that pass, in the order of the book."""
        seen = normalise(text)
        hits = self._lexicon.find_all(seen)
        if not hits:
            return []
        touched = {name for hit in hits for name in hit.value}
        whole = _whole(hits, seen) if any(self._rules[name].tokens for name in touched) else []
        matches = []
        for name in sorted(touched, key=self._order.__getitem__):
            rule = self._rules[name]
            if match := _judge(name, rule, whole if rule.tokens else hits):
                matches.append(match)
        return matches


def _judge(name: str, rule: WordRule, hits: list[Hit[list[str]]]) -> Match | None:
    present = {hit.word for hit in hits}
    if (rule.any and present.isdisjoint(rule.any)) or not present.issuperset(rule.all):
        return None
    if not present.isdisjoint(rule.none):
        return None
    wanted = {*rule.any, *rule.all}
    evidence = [hit for hit in hits if hit.word in wanted]
    spans = dict.fromkeys((hit.start, hit.end) for hit in evidence)
    return Match(name, tuple(spans), tuple(dict.fromkeys(hit.word for hit in evidence)))


def _whole(hits: list[Hit[list[str]]], seen: Normalised) -> list[Hit[list[str]]]:
    """The hits that begin and end with a token of the folded text (jieba knows simplified characters best).

    jieba's dictionary has phrases such as 买手机 and 二手手机, and a Chinese phrase ends with what it is about: so two
    characters or more that end a token count too.
    """
    starts: set[int] = set()
    ends: set[int] = set()
    tails: set[Span] = set()
    at = 0
    view = seen.folded
    for token in tokenise(seen.folded_text):
        start, end = view.span(at, at + len(token))
        starts.add(start)
        ends.add(end)
        tails.update((view.span(tail, tail + 1)[0], end) for tail in range(at + 1, at + len(token) - 1))
        at += len(token)
    return [hit for hit in hits if (hit.start in starts and hit.end in ends) or (hit.start, hit.end) in tails]
