"""What a chat command is. Each file in this folder makes one with `@command(…)`; the folder is the registry."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from sqlmodel import Session

from bot.community.roles import Role
from bot.i18n import _
from bot.model.events import StaffWrote
from bot.model.ids import UserId
from bot.runtime.context import Context
from bot.storage.work import Work
from handlers.commands.parse import Arguments, Line, bind, fold

A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True)
class Ask:
    """Who wants something, and the transaction in which it is done."""

    ctx: Context
    event: StaffWrote
    roles: frozenset[Role]
    language: str

    @property
    def user_id(self) -> UserId:
        return self.event.user_id

    @property
    def work(self) -> Work:
        return self.ctx.work

    @property
    def session(self) -> Session:
        return self.ctx.session

    @property
    def is_manager(self) -> bool:
        return Role.MANAGER in self.roles


@dataclass(frozen=True)
class Reply:
    """An answer with a picture after the text; `picture` is the name of an upload that is drawn on demand."""

    text: str
    picture: str


Run = Callable[[Ask, A], str | Reply]


@dataclass(frozen=True)
class Verb:
    """One thing that a command can do. Its meaning is the first line of its function's docstring."""

    names: tuple[str, ...]
    form: str
    role: Role
    run: Run[Any]

    @property
    def meaning(self) -> str:
        return (self.run.__doc__ or "").partition("\n")[0]

    def carry_out(self, ask: Ask, line: Line, skip: int) -> str | Reply:
        """Raises `BadCommand` when the words do not fit."""
        return self.run(ask, bind(self.arguments, line, skip, _(self.form)))

    @property
    def arguments(self) -> type[Arguments]:
        hints = get_type_hints(self.run)
        [arguments] = [hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Arguments)]
        return arguments


@dataclass(frozen=True)
class Command(Verb):
    """A command; without a verb it does what its own function does."""

    verbs: list[Verb] = field(default_factory=list)

    def verb(self, *names: str, form: str, role: str | None = None) -> Callable[[Run[A]], Run[A]]:
        """Add a verb: `/lead claim 12` is the verb `claim` of `/lead`."""

        def add(run: Run[A]) -> Run[A]:
            self.verbs.append(Verb(names, form, Role(role) if role else self.role, run))
            return run

        return add

    def choose(self, line: Line) -> tuple[Verb, int]:
        """The verb that a line names, and how many words that took."""
        first = fold(line.words[0].text) if line.words else ""
        for verb in self.verbs:
            if first in verb.names:
                return verb, 1
        return self, 0

    def forms(self, roles: frozenset[Role]) -> list[Verb]:
        """What of it somebody with these roles may do; a form that only lists the verbs is left out."""
        return [one for one in (self, *self.verbs) if one.role in roles]


def command(*names: str, role: str, form: str) -> Callable[[Run[A]], Command]:
    """Make a command of a function. The first name is English, the others are too what people may write."""
    return partial(_make, names, role, form)


def _make(names: tuple[str, ...], role: str, form: str, run: Run[A]) -> Command:
    return Command(names, form, Role(role), run)


@lru_cache(maxsize=1)
def registry() -> dict[str, Command]:
    """Every command under each of its names."""
    found: dict[str, Command] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        for value in vars(importlib.import_module(f"handlers.commands.{module.name}")).values():
            if isinstance(value, Command):
                for name in value.names:
                    if found.setdefault(name, value) is not value:
                        raise ValueError(f"two commands are called /{name}")
    return found


def commands() -> list[Command]:
    """Every command once, by its English name."""
    once = {command.names[0]: command for command in registry().values()}
    return [once[name] for name in sorted(once)]
