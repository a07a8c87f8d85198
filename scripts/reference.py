"""Writes docs/reference.md from the code: settings, commands, messages, close codes, errors, metrics.

With --check it only says whether the page is as the code is.
"""

import ast
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from scripts.generated import write_or_check  # noqa: E402

HEAD = ["variable", "type", "default", "range", "what it means", "read in"]
PACKAGES = ("config", "greenroom", "characters", "sessions_app", "staff", "voicebot")
KEPT = {"PATH", "HOME", "DJANGO_SETTINGS_MODULE"}  # of the environment; defaults may depend on the rest


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(
        lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    )


def _shown(default: Any) -> str:
    """A default as an operator would write it; a place of this machine as what it is relative to ours."""
    if default in ("", None, [], {}):
        return ""
    if isinstance(default, list):
        default = ",".join(default)
    if isinstance(default, float):
        default = f"{default:g}"
    return f"`{str(default).replace(f'{ROOT}{os.sep}', '')}`"


def _named(node: ast.AST, owner: str) -> set[str]:
    """The X of every `owner.X` within a node."""
    return {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == owner
    }


def _readers() -> dict[str, list[str]]:
    """Of each variable, the packages whose code reads a setting that config/settings.py makes of it.

    What Django and the parts of `config` read, they are given there.
    """
    trees = {
        path: ast.parse(path.read_text()) for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    }
    folders: dict[str, set[str]] = {}
    for path, tree in trees.items():
        for name in _named(tree, "settings"):
            package = Path(*path.parent.relative_to(ROOT).parts[:2])
            folders.setdefault(name, set()).add(str(package))
    within = {  # what a property of the environment is made of
        node.name: _named(node, "self")
        for path, tree in trees.items()
        if path.parent == ROOT / "greenroom" / "environment"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    readers: dict[str, set[str]] = {}
    for node in ast.walk(trees[ROOT / "config" / "settings.py"]):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            for asked in _named(node.value, "env"):
                for variable in within.get(asked, {asked}):
                    readers.setdefault(variable, set()).update(folders.get(node.targets[0].id, ()))
    return {variable: sorted(found) or ["config"] for variable, found in readers.items()}


def _range(field: Any) -> str:
    """Between what a number may be, or what else a value must be beyond its type."""
    from greenroom.environment import kind_of, range_of

    kind = kind_of(field)
    return range_of(field) or (
        kind.words if kind.name not in ("int", "float") and kind.words != "a text" else ""
    )


def settings() -> str:
    """What the environment may say, section by section."""
    from config.settings import env
    from greenroom import environment

    readers = _readers()
    parts = []
    for section in environment.SECTIONS:
        rows = [
            [
                f"`{name}`",
                environment.kind_of(field).name,
                _shown(getattr(env, name)),
                _range(field),
                str(field.description),
                ", ".join(f"`{package}`" for package in readers.get(name, ["config"])),
            ]
            for name, field in section.model_fields.items()
        ]
        parts.append(f"### {section.__doc__}\n\n{table(HEAD, rows)}")
    libraries = [[f"`{name}*`", words] for name, words in environment.OF_LIBRARIES.items()]
    parts.append(f"### Read by libraries themselves\n\n{table(['variables', 'what for'], libraries)}")
    return "\n\n".join(parts)


def commands() -> str:
    rows = []
    for path in sorted(ROOT.glob("*/management/commands/*.py")):
        if path.name != "__init__.py":
            words = ast.get_docstring(ast.parse(path.read_text())) or ""
            rows.append([f"`{path.stem}`", words.splitlines()[0] if words else ""])
    return table(["command", "what it does"], rows)


def messages() -> str:
    from voicebot.extensions import CLIENT_MESSAGES
    from voicebot.pipeline import client_messages  # noqa: F401  (it registers Greenroom's own)

    rows = [
        [f"`{name}`", (handler.__doc__ or "").splitlines()[0]]
        for name, handler in sorted(CLIENT_MESSAGES.items())
    ]
    return table(["client message", "what it does"], rows)


def errors() -> str:
    from sessions_app.exceptions import SessionError
    from voicebot.connection import rate_limits  # noqa: F401  (its errors belong to the family)

    def family(kind: type[SessionError]) -> list[type[SessionError]]:
        return [kind, *(child for sub in kind.__subclasses__() for child in family(sub))]

    rows = [
        [f"`{e.code}`", str(e.status), str(e.close_code), str(e.message)] for e in family(SessionError)[1:]
    ]
    return table(["code", "HTTP", "close code", "what visitors read"], rows)


def metrics() -> str:
    from prometheus_client import REGISTRY

    from voicebot.ops import metrics as ours  # noqa: F401

    rows = [
        [f"`{m.name}`", m.type, m.documentation]
        for m in REGISTRY.collect()
        if m.name.startswith("greenroom_")
    ]
    return table(["metric", "type", "what it is"], sorted(rows))


def written() -> str:
    """The whole page."""
    parts = [
        "# Reference\n\nWritten by `make docs` from the code.",
        f"## Environment\n\n{settings()}",
        f"## Commands\n\n{commands()}",
        f"## Client messages\n\n{messages()}",
        f"## Errors and close codes\n\n{errors()}",
        f"## Metrics\n\n{metrics()}",
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    for name in os.environ.keys() - KEPT:
        del os.environ[name]
    import django

    django.setup()
    write_or_check("docs/reference.md", written)


if __name__ == "__main__":
    main()
