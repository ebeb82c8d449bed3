"""The codes of findings: what each means, and what to do about it."""

from collections.abc import Mapping

from bot.i18n import Sentence, _

CODES: Mapping[str, str] = {
    "X100": "the file cannot be read",
    "X101": "an unknown key",
    "X102": "a missing key",
    "X103": "a wrong value",
    "X104": "a bad duration",
    "X105": "an unknown step",
    "X106": "an unknown action",
    "X107": "an unknown filter",
    "X108": "an unknown operator",
    "X109": "a bad operand",
    "X110": "name, folder and subject do not agree",
    "X111": "an unknown trigger or event",
    "X112": "a bad cron line, date or time of day",
    "X113": "a branch without default",
    "X114": "steps that are never reached",
    "X116": "an action without anybody to act on",
    "X117": "a filter that cannot be asked here",
    "X118": "an event that is not about the subject",
    "X120": "a text with unknown names or syntax",
    "X121": "a text over its channel's limit",
    "X122": "an attachment that is not there",
    "X123": "no adapter able to do it",
    "X124": "a bad split",
    "X125": "an unknown SOP",
    "X126": "an unknown step, or two of one name",
    "X127": "an unknown segment",
    "X128": "a mix that cannot be read",
    "X140": "two SOPs at one moment",
    "X141": "more messages than a month's quota",
    "X142": "more promotion than the mix allows",
}
"""Every code a finding can have, and what it means; the same in every language and version."""

FIXES: dict[str, Sentence] = {
    "X100": "save it as UTF-8 text in YAML: check quotes, brackets and indentation here and on the line before",
    "X101": "remove the key, or spell it as the catalogue does: xiaoer catalogue",
    "X102": "add the key",
    "X103": "write a value of the kind that is named here",
    "X104": "write a whole number and a unit: 30s, 10m, 24h, 7d, 2w",
    "X105": "give the step exactly one of its kinds, each step its own “-”",
    "X106": "use an action that exists: xiaoer catalogue lists them",
    "X107": "use a filter that exists: xiaoer catalogue lists them",
    "X108": "use an operator of this kind of fact",
    "X109": "write an operand that the operator can use",
    "X110": "let `sop`, its folder and `subject` say the same",
    "X111": "use a trigger that exists, or write a custom event as {event: order.paid}",
    "X112": "write a cron line with five fields, a moment as 2026-02-01 08:00, a time of day as 08:30",
    "X113": "add `default`, if only with a `note`",
    "X114": "move it to where somebody comes by, or remove it",
    "X116": "choose a trigger that names such a subject, or another action",
    "X117": "ask something that is known of this subject at this moment",
    "X118": "choose an event that is about this subject",
    "X120": "use the names and filters that texts have, such as {{ contact.name | default('朋友') }}",
    "X121": "shorten the text, or send it in two",
    "X122": "put the file into sops/media, or name one that is there",
    "X123": "configure the adapter, or use an action that the configured ones can do",
    "X124": "give a split two variants or more, each with a weight",
    "X125": "name an SOP that exists",
    "X126": "give every step an id of its own, and refer to one that is there",
    "X127": "define the segment in sops/segments, or name one that is there",
    "X128": "write it as the shipped sops/rules/mix.yaml is written",
    "X140": "give both the same `mutex` and different priorities, or conditions that exclude each other",
    "X141": "run it less often, add `reentry: {after: …}`, or send fewer messages",
    "X142": "make a post useful or interactive, or post this one less often",
}
"""What to do about a finding, by its code."""


def fix_of(code: str) -> str:
    return _(FIXES[code]) if code in FIXES else ""
