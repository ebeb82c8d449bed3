"""What pydantic finds wrong with a parameter, in our own words and in the language of the one who reads it."""

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
    "list_type": "wants a list such as [a, b]",
    "too_short": "wants {min_length} entries or more",
    "too_long": "has {actual_length} entries, {max_length} are possible",
    "dict_type": "wants names and values",
    "model_type": "wants names and values",
}
"""By pydantic's types of errors; those of our own bring their reason along."""


def said(error: ErrorDetails) -> str:
    """The complaint, without the name of the parameter it is about."""
    context = error.get("ctx", {})
    if "reason" in context:
        return str(context["reason"])
    sentence = SENTENCES.get(error["type"])
    return _(sentence).format(**context) if sentence else error["msg"]
