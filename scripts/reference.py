"""Writes docs/reference.md from the code: settings, commands, messages, close codes, errors, metrics."""

import ast
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
ENV = re.compile(r'env\.(\w+)\(\s*"([A-Z_]+)"(?:,\s*default=(.+?))?\)(?:\s*#\s*(.*))?$')


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(
        lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    )


def settings() -> str:
    rows = []
    for line in (ROOT / "config" / "settings.py").read_text().splitlines():
        if found := ENV.search(line.strip()):
            kind, name, default, why = found.groups()
            rows.append([f"`{name}`", kind, f"`{default}`" if default else "", why or ""])
    return table(["variable", "type", "default", "why"], sorted(rows))


def commands() -> str:
    rows = []
    for path in sorted(ROOT.glob("*/management/commands/*.py")):
        if path.name != "__init__.py":
            words = ast.get_docstring(ast.parse(path.read_text())) or ""
            rows.append([f"`{path.stem}`", words.splitlines()[0] if words else ""])
    return table(["command", "what it does"], rows)


def messages() -> str:
    from voicebot import messages as known

    rows = [
        [f"`{name}`", (handler.__doc__ or "").splitlines()[0]]
        for name, handler in sorted(known._handlers.items())
    ]
    return table(["client message", "what it does"], rows)


def errors() -> str:
    from sessions_app.exceptions import SessionError
    from voicebot import limits  # noqa: F401  (its errors belong to the family)

    def family(kind: type[SessionError]) -> list[type[SessionError]]:
        return [kind, *(child for sub in kind.__subclasses__() for child in family(sub))]

    rows = [
        [f"`{e.code}`", str(e.status), str(e.close_code), str(e.message)] for e in family(SessionError)[1:]
    ]
    return table(["code", "HTTP", "close code", "what visitors read"], rows)


def metrics() -> str:
    from prometheus_client import REGISTRY

    from voicebot import metrics as ours  # noqa: F401

    rows = [
        [f"`{m.name}`", m.type, m.documentation]
        for m in REGISTRY.collect()
        if m.name.startswith("greenroom_")
    ]
    return table(["metric", "type", "what it is"], sorted(rows))


def main() -> None:
    import django

    django.setup()
    parts = [
        "# Reference\n\nWritten by `make docs` from the code.",
        f"## Environment\n\n{settings()}",
        f"## Commands\n\n{commands()}",
        f"## Client messages\n\n{messages()}",
        f"## Errors and close codes\n\n{errors()}",
        f"## Metrics\n\n{metrics()}",
    ]
    (ROOT / "docs" / "reference.md").write_text("\n\n".join(parts) + "\n")
    print("docs/reference.md is written.")


if __name__ == "__main__":
    main()
