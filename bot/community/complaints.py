"""What pydantic and YAML find wrong with a file, in our own words and in the language of the one who reads it."""

from pydantic_core import ErrorDetails

from bot.i18n import Sentence, _

SENTENCES: dict[str, Sentence] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "wants a text",
    "string_too_short": "must not be empty",
    "string_too_long": "has more than {max_length} characters",
    "string_pattern_mismatch": "is written like 渠道/春季",
    "int_type": "wants a whole number",
    "int_parsing": "wants a whole number",
    "int_from_float": "wants a whole number",
    "float_type": "wants a number",
    "float_parsing": "wants a number",
    "finite_number": "wants a number",
    "greater_than": "is more than {gt}",
    "greater_than_equal": "is {ge} at the least",
    "less_than_equal": "is {le} at the most",
    "bool_type": "is true or false",
    "bool_parsing": "is true or false",
    "literal_error": "is one of: {expected}",
    "list_type": "wants a list such as [a, b]",
    "tuple_type": "wants a list such as [a, b]",
    "too_short": "wants {min_length} entries or more",
    "too_long": "has {actual_length} entries, {max_length} are possible",
    "dict_type": "wants names and values",
    "model_type": "wants names and values",
    "model_attributes_type": "wants names and values",
}
"""By pydantic's types of errors; those of our own bring their reason along."""
REASONS: dict[str, Sentence] = {
    "found duplicate key": "a key stands here twice",
    "found character '\\t'": "a tab stands here: indent with spaces",
    "found character '@'": "a text that begins with @ or ` has to stand in quotes",
    "found character '`'": "a text that begins with @ or ` has to stand in quotes",
    "found character '%'": "a text that begins with % has to stand in quotes",
    "mapping values are not allowed": "a “:” too many: quote a text with “: ” in it, or mend the indentation",
    "could not find expected ':'": "a “:” is missing after a name",
    "found undefined alias": "a text that begins with * has to stand in quotes",
    "special characters are not allowed": "there is a character that no text has: is this a text file?",
    "found unexpected end of stream": "a quote is not closed",
}
"""What the YAML reader says, by its beginning, and what we say."""


def said(error: ErrorDetails) -> str:
    """The complaint, without the name of the parameter it is about."""
    context = dict(error.get("ctx", {}))
    if own := context.get("reason", context.get("error")):
        return str(own)
    sentence = SENTENCES.get(error["type"])
    if "expected" in context:
        context["expected"] = str(context["expected"]).replace(" or ", ", ")
    return _(sentence).format(**context) if sentence else error["msg"]


def said_of_yaml(problem: str) -> str:
    """The complaint of the YAML reader."""
    for beginning, sentence in REASONS.items():
        if problem.startswith(beginning):
            return _(sentence)
    return _("this is not YAML: a bracket, a quote or the indentation is wrong")
