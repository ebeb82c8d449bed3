"""The house rules that names, types and reviews cannot keep by themselves: read from the source, never from a run."""

import ast
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from ruamel.yaml import YAML

from bot.community import rules
from bot.i18n import catalogue_path
from bot.settings import HOUSE
from bot.sop.components import all_actions
from bot.sop.filters import all_filters

LAYERS = (
    {"errors", "clock"},
    {"settings"},
    {"log", "metrics", "i18n", "sentences"},
    {"model"},
    {"text", "storage", "platforms"},
    {"community"},
    {"sop"},
    {"runtime"},
    {"handlers"},
    {"web"},
    {"app", "sample"},
    {"demo"},
    {"serve", "doctor", "upkeep", "cli_sop"},
    {"cli"},
    {"__main__"},
)
"""From the ground up. A name may import what stands below it; those in one set are strangers to each other."""

ONE_PLACE = ("wechatpy", "redis", "apscheduler", "jieba", "rjieba", "ahocorasick_rs", "opencc", "lunar_python")
SIMULATOR = "bot.platforms.simulator"
RARELY_NEEDED = {"alembic", "redis", "psycopg", "vl_convert"}
CLIENTS = re.compile(r"aiohttp\b|bot\.platforms\.(http|limits|tokens|simulator|\w+\.client)\b")
"""What reaches a platform. Its tables of kinds and events are knowledge, and may be read."""


@dataclass(frozen=True)
class Import:
    """`from target import name`, with `target` spelled out; the whole module when `name` is empty."""

    target: str
    name: str
    line: int
    runs: bool = True
    """False when only the type checker follows it."""
    waits: bool = False
    """True inside a function: it runs when somebody comes to it."""


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    text: str
    tree: ast.Module
    imports: tuple[Import, ...]

    @property
    def layer(self) -> str:
        """`bot.sop.filters.kind` stands in `sop`, `handlers.welcome` in `handlers`."""
        parts = self.name.split(".")
        return parts[0] if parts[0] != "bot" or len(parts) == 1 else parts[1]

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def is_within(self, *packages: str) -> bool:
        return any(f"{self.name}.".startswith(f"{package}.") for package in packages)

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(HOUSE)}:{line}"


@cache
def house() -> dict[str, Module]:
    """Every module of ours by its name."""
    paths = [path for root in ("bot", "handlers") for path in sorted((HOUSE / root).rglob("*.py"))]
    return {module.name: module for module in map(read, paths)}


def read(path: Path) -> Module:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    package = name if parts[-1] == "__init__" else name.rpartition(".")[0]
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    return Module(name, path, text, tree, tuple(imports_of(tree, package)))


def imports_of(tree: ast.Module, package: str) -> Iterator[Import]:
    """All of them: one that hides in a function is an import too."""
    asides = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    unrun = {id(node) for aside in asides for node in ast.walk(aside)}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    waiting = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        runs, waits = id(node) not in unrun, id(node) in waiting
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, "", node.lineno, runs, waits) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            target = ".".join([*above, *([node.module] if node.module else [])])
            yield from (Import(target, alias.name, node.lineno, runs, waits) for alias in node.names)


def ours(module: Module) -> Iterator[tuple[str, Import]]:
    """The modules of ours that a module imports."""
    for one in module.imports:
        deeper = f"{one.target}.{one.name}"
        if deeper in house():
            yield deeper, one
        elif one.target in house():
            yield one.target, one


def rank(layer: str) -> int:
    [found] = [number for number, names in enumerate(LAYERS) if layer in names] or [-1]
    return found


# ── layers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_module_stands_in_a_layer() -> None:
    assert not [module.name for module in house().values() if module.name != "bot" and rank(module.layer) < 0]


def test_imports_go_down_and_strangers_stay_strangers() -> None:
    wrong = [
        f"{module.at(one.line)} {module.layer} must not know {house()[target].layer}"
        for module in house().values()
        for target, one in ours(module)
        if target != "bot"
        and module.layer != house()[target].layer
        and rank(module.layer) <= rank(house()[target].layer)
    ]
    assert not wrong


def test_no_module_comes_back_to_itself() -> None:
    graph = {
        module.name: {target for target, one in ours(module) if one.runs and target != module.name}
        for module in house().values()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_the_two_platforms_do_not_know_each_other() -> None:
    for one, other in (("wecom", "official"), ("official", "wecom")):
        assert not [
            module.at(found.line)
            for module in house().values()
            if module.is_within(f"bot.platforms.{one}")
            for target, found in ours(module)
            if target.startswith(f"bot.platforms.{other}")
        ]


def test_the_simulator_knows_only_the_clock_and_only_the_demo_knows_the_simulator() -> None:
    for module in house().values():
        for target, one in ours(module):
            if module.is_within(SIMULATOR):
                assert target == "bot.clock" or target.startswith(SIMULATOR), module.at(one.line)
            elif target.startswith(SIMULATOR):
                assert module.name in {"bot.demo", "bot.cli"}, module.at(one.line)


@pytest.mark.parametrize("library", ONE_PLACE)
def test_a_library_that_may_be_changed_one_day_is_imported_in_one_module(library: str) -> None:
    users = {
        module.name for module in house().values() for one in module.imports if one.target.split(".")[0] == library
    }
    assert len(users) <= 1


def test_a_start_loads_nothing_that_few_starts_need() -> None:
    loaded, ahead = set[str](), ["bot.cli", "bot.app", "bot.serve"]
    while ahead:
        module = house()[ahead.pop()]
        if module.name in loaded:
            continue
        loaded.add(module.name)
        at_once = [target for target, one in ours(module) if one.runs and not one.waits]
        ahead += {parent for target in at_once for parent in packages(target)} & house().keys()
    hasty = [
        f"{module.at(one.line)} loads {one.target}"
        for module in map(house().__getitem__, sorted(loaded))
        for one in module.imports
        if one.runs and not one.waits and one.target.partition(".")[0] in RARELY_NEEDED
    ]
    assert not hasty


def packages(name: str) -> list[str]:
    """`bot.storage.work` is loaded after `bot.storage` and `bot`."""
    parts = name.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def test_handlers_and_procedures_plan_calls_and_never_make_them() -> None:
    for module in house().values():
        if module.is_within("handlers", "bot.sop", "bot.community"):
            for one in module.imports:
                assert not CLIENTS.match(f"{one.target}.{one.name}"), module.at(one.line)


# ── the database ───────────────────────────────────────────────────────────────────────────────────────────────────

STATEMENTS = {"select", "insert", "update", "delete", "exists", "union", "union_all", "text"}
EXPRESSIONS = ("bot.model", "bot.sop.filters", "bot.sop.segments")
"""Tables are made of columns; filters and segments name and combine them. Others see a session and its errors."""


def test_only_storage_writes_statements() -> None:
    for module in house().values():
        if not module.is_within("bot.storage"):
            for one in sql_imports(module):
                is_index_condition = one.name == "text" and module.is_within("bot.model.tables")
                assert one.name not in STATEMENTS or is_index_condition, f"{module.at(one.line)} {one.name}"
                assert one.name, f"{module.at(one.line)} imports all of {one.target}"


def test_only_tables_filters_and_segments_name_columns() -> None:
    for module in house().values():
        if not module.is_within("bot.storage", *EXPRESSIONS):
            for one in sql_imports(module):
                assert one.name == "Session" or one.target == "sqlalchemy.exc", f"{module.at(one.line)} {one.name}"


def test_only_storage_hands_statements_to_a_session() -> None:
    for module in house().values():
        if module.is_within("bot.storage"):
            continue
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=value, attr="exec" | "execute" | "scalar" | "scalars" | "query")
                ):
                    assert not ast.unparse(value).endswith("session"), module.at(node.lineno)


def sql_imports(module: Module) -> Iterator[Import]:
    return (one for one in module.imports if one.target.split(".")[0] in {"sqlalchemy", "sqlmodel"})


# ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_the_clock_reads_the_time() -> None:
    for module in house().values():
        if module.name != "bot.clock":
            assert not list(readings_of_time(module))


def readings_of_time(module: Module) -> Iterator[str]:
    for one in module.imports:
        if one.target == "time":
            yield f"{module.at(one.line)} import time"
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="now" | "utcnow" | "today")):
                if ast.unparse(value).rpartition(".")[2] in {"datetime", "date"}:
                    yield f"{module.at(node.lineno)} {ast.unparse(node)}"
            case ast.Call(func=ast.Attribute(value=value, attr="time"), args=[], keywords=[]):
                if "loop" in ast.unparse(value):
                    yield f"{module.at(node.lineno)} {ast.unparse(node)}"


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────

EMPTY_NAMES = re.compile(r"(utils?|helpers?|managers?|services?|common|misc)$")
LEFT_OPEN = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|NotImplemented" r"Error)\b")


def test_a_module_is_named_after_what_it_is_for() -> None:
    assert not [name for name in house() if EMPTY_NAMES.search(name.rpartition(".")[2])]


def test_an_action_is_named_like_its_file() -> None:
    files = {path.stem for path in (HOUSE / "bot/sop/components").glob("[a-z]*.py")}
    assert files == set(all_actions())
    assert all(action.name == name and action.summary for name, action in all_actions().items())


def test_a_filter_is_named_like_its_function() -> None:
    for name, one in all_filters().items():
        module, _, function = name.partition(".")
        assert one.function.__module__ == f"bot.sop.filters.{module}"
        assert one.function.__name__.rstrip("_") == function
        assert one.summary, name


def test_nothing_is_left_open() -> None:
    for path in (path for root in ("bot", "handlers", "tests", "bench", "sops") for path in (HOUSE / root).rglob("*")):
        if path.suffix in {".py", ".yaml", ".html", ".js", ".css"}:
            found = LEFT_OPEN.search(path.read_text("utf-8"))
            assert not found, f"{path.relative_to(HOUSE)}: {found.group() if found else ''}"


def test_modules_stay_small() -> None:
    sizes = [module.lines for module in house().values() if module.lines > 1 and "versions" not in module.path.parts]
    assert statistics.median(sizes) <= 120
    assert sum(size < 300 for size in sizes) >= 0.9 * len(sizes)


# ── procedures as shipped ──────────────────────────────────────────────────────────────────────────────────────────


def shipped() -> list[Path]:
    return sorted((HOUSE / "sops").rglob("*.yaml"))


def test_the_shipped_rules_are_well() -> None:
    assert rules.load(HOUSE / "sops" / "rules")


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_the_names_in_a_shipped_sop_exist(path: Path) -> None:
    written = YAML(typ="safe").load(path)
    if "sop" in written:
        assert path.relative_to(HOUSE / "sops").with_suffix("").as_posix() == written["sop"]
    modules = {name.partition(".")[0] for name in all_filters()}
    for parent, key, value in entries(written):
        if key == "do":
            assert value in all_actions()
        if parent in {"when", "if", "where", "all", "any", "not"} and key.partition(".")[0] in modules:
            assert key in all_filters()


def entries(value: Any, parent: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every key below a value, with the key that it stands under."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield parent, str(key), below
            yield from entries(below, str(key))
    elif isinstance(value, list):
        for below in value:
            yield from entries(below, parent)


# ── sentences ──────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def sentences() -> dict[str, str]:
    """Every sentence that people can be shown, with the place it stands."""
    with (HOUSE / "locale" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found: dict[str, str] = {}
    for root in ("bot", "handlers"):
        for name, line, message, *_rest in extract_from_dir(HOUSE / root, methods, options):
            found.setdefault(message if isinstance(message, str) else message[0], f"{root}/{name}:{line}")
    return found


@cache
def translated() -> dict[str, str]:
    with catalogue_path("zh_CN").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, locale="zh_CN") if entry.id}


def test_every_sentence_has_its_chinese() -> None:
    missing = [f"{place} {sentence}" for sentence, place in sentences().items() if not translated().get(sentence)]
    assert not missing, "`make messages`, then translate what is new"


def test_a_translation_keeps_its_places() -> None:
    for sentence, chinese in translated().items():
        assert places(sentence) == places(chinese), sentence


def test_no_translation_outlives_its_sentence() -> None:
    left_over = sorted(translated().keys() - sentences().keys())
    assert not left_over, "`make messages` drops them"


def places(sentence: str) -> set[str]:
    return set(re.findall(r"\{\w*[^{}]*\}", sentence.replace("{{", "").replace("}}", "")))
