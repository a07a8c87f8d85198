"""Underscored names of other people's classes, and where our source touches them."""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BY_NAME = {"getattr", "setattr", "hasattr", "delattr"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and len(name) > 1


@dataclass(frozen=True, order=True)
class Touch:
    """A place in our source that reads, sets or overrides an underscored name.

    `owner` is the module and class that the name belongs to, '' where only the expression before it is known.
    """

    path: str
    name: str
    line: int
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.owner or '?'}.{self.name}"


@cache
def names_of(kind: type) -> frozenset[str]:
    """The names that a class itself defines, or sets on its instances."""
    found = set(vars(kind))
    try:
        definition = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError):  # there is no source, as of what is written in C
        return frozenset(found)
    assert isinstance(definition, ast.ClassDef)
    for statement in definition.body:
        if isinstance(statement, ast.AnnAssign):
            found.add(ast.unparse(statement.target))
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= {node.attr for node in ast.walk(statement) if _is_set(node)}
    return frozenset(found)


def _is_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value)


def _is_self(node: ast.expr) -> bool:
    by_super = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    return by_super or (isinstance(node, ast.Name) and node.id in ("self", "cls"))


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """The path and the module's name of each source file, without migrations."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            path = file.relative_to(ROOT)
            if "migrations" not in path.parts:
                yield str(path), ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def inherited(path: str, module: str, ours: tuple[str, ...]) -> Iterator[Touch]:
    """Touches of what a class inherits from one in none of the packages `ours`, whether it means to or not.

    What it sets itself and no such class knows is its own.
    """
    loaded = importlib.import_module(module)
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        kind = getattr(loaded, node.name, None) if isinstance(node, ast.ClassDef) else None
        if not isinstance(node, ast.ClassDef) or not inspect.isclass(kind) or kind.__module__ != module:
            continue
        owners: dict[str, str] = {}
        for base in kind.__mro__[1:]:
            if not base.__module__.startswith(ours):
                for name in filter(is_private, names_of(base)):
                    owners.setdefault(name, f"{base.__module__}.{base.__qualname__}")
        yield from _inherited(path, node, owners)


def _inherited(path: str, kind: ast.ClassDef, owners: dict[str, str]) -> Iterator[Touch]:
    for statement in kind.body:
        names: list[str] = []
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [statement.name]
        elif isinstance(statement, ast.AnnAssign):
            names = [ast.unparse(statement.target)]
        elif isinstance(statement, ast.Assign):
            names = [ast.unparse(target) for target in statement.targets]
        yield from (Touch(path, name, statement.lineno, owners[name]) for name in names if name in owners)
    for node in ast.walk(kind):
        if isinstance(node, ast.Attribute) and node.attr in owners and _is_self(node.value):
            yield Touch(path, node.attr, node.lineno, owners[node.attr])


def reached(path: str, text: str | None = None) -> Iterator[Touch]:
    """Touches of an underscored name of something else than `self`, by a dot, by name, or by an import."""
    for node in ast.walk(ast.parse((ROOT / path).read_text() if text is None else text)):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and not _is_self(node.value):
            yield Touch(path, node.attr, node.lineno)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BY_NAME:
            name = node.args[1] if len(node.args) > 1 else None
            if isinstance(name, ast.Constant) and isinstance(name.value, str) and is_private(name.value):
                yield Touch(path, name.value, node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            yield from (Touch(path, name, node.lineno, node.module) for name in names if is_private(name))


def lines_of(table: str) -> list[tuple[str, str]]:
    """A table of names as pairs: the module and class that stand at a line's beginning, a name below it."""
    found, owner = [], ""
    for line in table.strip().splitlines():
        if line[0] == " ":
            found.append((owner, line.strip()))
        else:
            owner = line
    return found


def name_in(line: str) -> str:
    """The name in such a line."""
    return line.partition("(")[0].removeprefix("async ")


def as_it_is(owner: str, name: str) -> str:
    """The line for what a class or a module has now: its name, and a function's parameters.

    `=` stands behind a parameter that may be left out.
    """
    found = vars(_owner(owner)).get(name)
    function = found.__func__ if isinstance(found, classmethod) else found
    if not inspect.isfunction(function):
        return name
    parts: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        if parameter.kind is parameter.KEYWORD_ONLY and not any(part.startswith("*") for part in parts):
            parts.append("*")
        parts.append(star + parameter.name + ("=" if parameter.default is not parameter.empty else ""))
    return f"{'async ' * inspect.iscoroutinefunction(function)}{name}({', '.join(parts)})"


def is_there(owner: str, name: str) -> bool:
    """Whether a class sets or defines a name, or a module has it."""
    found = _owner(owner)
    return name in (names_of(found) if inspect.isclass(found) else vars(found))


def _owner(path: str) -> Any:
    module, _, kind = path.rpartition(".")
    with suppress(ImportError):
        return importlib.import_module(path)
    return getattr(importlib.import_module(module), kind)
