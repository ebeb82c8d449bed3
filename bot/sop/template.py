"""Texts with variables: sandboxed Jinja2, without loops, calls or anything else that could hang or reach out.

A missing value is an undefined name, so that `{{ contact.name | default('朋友') }}` does what it says; without one
it renders as nothing. What may be named, and with which filters, is known beforehand: lint finds everything else.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

from jinja2 import ChainableUndefined, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from bot.errors import BotError
from bot.i18n import _
from bot.sop.findings import did_you_mean

NAMES: Mapping[str, tuple[str, ...]] = {
    "contact": (
        "name", "city", "province", "company", "position", "gender", "email", "lifecycle_stage", "lead_score",
        "activity_score", "points", "fields",
    ),
    "staff": ("name", "position", "user_id"),
    "group": ("name", "owner", "layer"),
    "event": ("state", "text", "name", "key", "button", "channel", "amount", "value", "properties"),
    "sop": ("name", "title"),
    "now": (),
}  # fmt: skip
"""What a text may name, and below what."""

_OPEN = ("contact.fields", "event.properties")
PROFILE = frozenset(f"contact.{name}" for name in ("name", "company", "position", "gender"))
"""What is known only after the profile has been read."""

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter,
    nodes.Const, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Concat, nodes.Test, nodes.Keyword,
)  # fmt: skip
_FILTERS = ("default", "d", "upper", "lower", "trim", "truncate", "replace", "round", "int", "length", "date")


class BadTemplate(ValueError):
    """A text that cannot be rendered, or names what does not exist."""


class RenderFailed(BotError):
    """A text that was well formed could not be rendered with these values."""


def _date(moment: datetime, form: str = "%Y-%m-%d") -> str:
    """`now | date('%m月%d日')`"""
    return moment.strftime(form)


_environment = ImmutableSandboxedEnvironment(
    undefined=ChainableUndefined, autoescape=False, keep_trailing_newline=False
)
_environment.filters = {name: _environment.filters[name] for name in _FILTERS if name != "date"} | {"date": _date}


@lru_cache(maxsize=1024)
def check(text: str) -> str:
    """The text itself; raises `BadTemplate` that says what is wrong with it."""
    tree = _parsed(text)
    for node in tree.find_all(nodes.Node):
        strange = isinstance(node, nodes.Getattr | nodes.Getitem) and _dotted(node) is None
        if strange or not isinstance(node, _ALLOWED):
            raise BadTemplate(_("`{part}` is not possible in a text").format(part=type(node).__name__.lower()))
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            hint = did_you_mean(node.name, _FILTERS)
            raise BadTemplate(_("there is no filter `{name}` for texts.").format(name=node.name) + hint)
    for root in sorted(meta.find_undeclared_variables(tree) - set(NAMES)):
        raise BadTemplate(_("nothing is called `{name}` here.").format(name=root) + did_you_mean(root, NAMES))
    for name in sorted(needs(text)):
        _check_name(name)
    return text


def _check_name(name: str) -> None:
    root, dot, below = name.partition(".")
    if name in _OPEN or any(name.startswith(f"{opened}.") for opened in _OPEN):
        return
    if bool(dot) != bool(NAMES[root]) or (dot and below not in NAMES[root]):
        known = [f"{root}.{one}" for one in NAMES[root]] or [root]
        hint = did_you_mean(name, known) or " " + ", ".join(known)
        raise BadTemplate(_("nothing is called `{name}` here.").format(name=name) + hint)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> nodes.Template:
    try:
        return _environment.parse(text)
    except TemplateSyntaxError as error:
        raise BadTemplate(_("the text cannot be read: look at its {{ }} and {% %}, each has to be closed")) from error
    except RecursionError as error:
        raise BadTemplate(_("the text is nested too deeply")) from error


def needs(text: str) -> frozenset[str]:
    """The dotted names in a text, such as contact.name."""
    return frozenset(_names(_parsed(text)))


def _names(node: nodes.Node) -> Iterator[str]:
    if (name := _dotted(node)) is not None:
        yield name
        return
    for child in node.iter_child_nodes():
        yield from _names(child)


def _dotted(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=inner, attr=attribute):
            outer = _dotted(inner)
        case nodes.Getitem(node=inner, arg=nodes.Const(value=str() as attribute)):
            outer = _dotted(inner)
        case _:
            return None
    return None if outer is None else f"{outer}.{attribute}"


def fixed_part(text: str) -> str:
    """What a text says at the least, whatever its variables are."""
    return "".join(part.data for part in _parsed(text).find_all(nodes.TemplateData)) if "{" in text else text


def fixed_bytes(text: str) -> int:
    return len(fixed_part(text).encode())


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    return _environment.from_string(text)


def render(text: str, values: Mapping[str, Any]) -> str:
    """The text with its variables filled in; values that are None or empty count as missing."""
    if "{" not in text:
        return text
    try:
        return str(_compiled(text).render({name: _present(value) for name, value in values.items()})).strip()
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise RenderFailed(f"the text could not be rendered: {error}") from error


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _present(one) for key, one in value.items() if one is not None and one != ""}
    return value


def cut(text: str, limit_bytes: int) -> str:
    """The text, shortened to whole characters when it is over a platform's limit."""
    raw = text.encode()
    if len(raw) <= limit_bytes:
        return text
    return raw[: limit_bytes - len("…".encode())].decode(errors="ignore") + "…"


def _validate(text: str) -> str:
    try:
        return check(text)
    except BadTemplate as error:
        raise PydanticCustomError("template", "{reason}", {"reason": str(error)}) from error


class Limit:
    """A limit in bytes that a text's fixed part must keep; rendered texts are cut to it."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def __call__(self, text: str) -> str:
        if (size := fixed_bytes(text)) > self.size_bytes:
            reason = _("the text has {size} bytes, {limit} are possible").format(size=size, limit=self.size_bytes)
            raise PydanticCustomError("too_long", "{reason}", {"reason": reason})
        return text


Template = Annotated[str, AfterValidator(_validate)]
"""The parameter type of a text with variables."""
WelcomeText = Annotated[Template, AfterValidator(Limit(4000))]
"""Source: developer.work.weixin.qq.com/document/path/92137 and 92135"""
AppText = Annotated[Template, AfterValidator(Limit(2048))]
"""Source: developer.work.weixin.qq.com/document/path/90236"""
