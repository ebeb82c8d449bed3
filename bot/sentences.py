"""For `make messages`: finds the sentences that people read, those in docstrings and names of kinds among them.

What a filter, a step or a chat command means is said once, in its docstring, and shown in the reader's language.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

from babel.messages.extract import extract_python

Found = tuple[Any, ...]
"""Line, function, sentence and comments, as babel wants them."""

MARKS = re.compile(r"(action|kind|command|_trigger|_Step)\b|\w+\.verb\b")
"""The decorators and base classes whose docstrings people read: `@action(…)`, `@kind.text`, `@post.verb(…)` …"""

BY_SENTENCE = re.compile(r"\w+\[Sentence, ")
"""The type of a mapping whose keys are what people read."""


def extract(
    file: IO[bytes], keywords: Collection[str], comments: Collection[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """All of them in one file of Python."""
    tree = ast.parse(file.read())
    file.seek(0)
    yield from extract_python(file, keywords, comments, options)  # type: ignore[arg-type]
    yield from _meanings(tree)
    yield from _names(tree)


def _meanings(tree: ast.Module) -> Iterator[Found]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(decorator_list=marks) | ast.ClassDef(bases=marks) if _is_marked(marks):
                meaning = (ast.get_docstring(node) or "").partition("\n")[0]
                if meaning:
                    yield node.lineno, None, meaning, []


def _is_marked(marks: Collection[ast.expr]) -> bool:
    return any(MARKS.match(ast.unparse(mark)) for mark in marks)


def _names(tree: ast.Module) -> Iterator[Found]:
    """Words in tables of `Sentence`, how a command is written, and what a `NotFound` says is missing."""
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=kind, value=ast.Dict(keys=keys)) if BY_SENTENCE.match(ast.unparse(kind)):
                yield from _words(*keys)
            case ast.AnnAssign(annotation=kind, value=ast.expr() as table) if "Sentence" in ast.unparse(kind):
                yield from _words(table)
            case ast.keyword(arg="form", value=form):
                yield from _words(form)
            case ast.Call(func=ast.Name(id="NotFound"), args=[missing, *_]):
                yield from _words(missing)


def _words(*values: ast.expr | None) -> Iterator[Found]:
    """The strings among constants, in sequences, and in the values of mappings."""
    for value in values:
        match value:
            case ast.Constant(value=str(sentence)):
                yield value.lineno, None, sentence, []
            case ast.Dict(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                yield from _words(*parts)
