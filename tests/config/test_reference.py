"""docs/reference.md is the whole list; greenroom/environment/ alone reads the environment."""

import ast
import re
import subprocess
import sys

import pytest

from greenroom.environment import OF_LIBRARIES, SECTIONS, Environment
from tests.servers import ROOT

PACKAGES = ("config", "greenroom", "characters", "sessions_app", "staff", "voicebot")
SETS = {
    "config/settings.py",
    "config/asgi.py",
    "voicebot/providers/local/__init__.py",
    "voicebot/ops/machine/process_memory.py",  # looks whether glibc was told
}  # what others read, and reads nothing of ours


def test_the_page_is_as_the_code_is():
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "SESSION_KEYS",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "STT_PROVIDER",
        "OPENAI_TTS_API_KEY",
        "OTEL_*",
    ],
)
def test_the_page_has_a_row_of(name):
    (row,) = re.findall(
        rf"^\| `{re.escape(name)}` \|.*$", (ROOT / "docs/reference.md").read_text(), re.MULTILINE
    )
    assert all(cell.strip() for cell in row.split("|")[-2:-1])


@pytest.mark.parametrize("name", Environment.model_fields)
def test_every_variable_says_what_it_means_and_is_used(name):
    field = Environment.model_fields[name]
    assert field.description
    assert "\n" not in field.description
    used = re.compile(rf"\benv\.{name}\b|\bself\.{name}\b|_as\(\"{name}\"\)")
    sources = [ROOT / "config" / "settings.py", *(ROOT / "greenroom" / "environment").glob("*.py")]
    assert any(used.search(path.read_text()) for path in sources), f"{name} does nothing"


def test_every_section_is_read_once():
    names = [name for section in SECTIONS for name in section.model_fields]
    assert sorted(names) == sorted(Environment.model_fields)


def test_every_variable_of_the_documentation_is_one_that_is_read():
    """In the tables of the other pages: a first column of names in capitals."""
    for page in ("configuration", "operations"):
        text = (ROOT / "docs" / f"{page}.md").read_text()
        for cell in re.findall(r"^\| (`[A-Z][A-Z0-9_]+`.*?) \|", text, re.MULTILINE):
            for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cell):
                assert name in Environment.model_fields or name.startswith(tuple(OF_LIBRARIES)), (
                    f"{page}.md: {name}"
                )


def test_the_environment_is_read_in_one_place():
    found = []
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        name = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text())):
            named = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
            if named in ("environ", "getenv") and name not in SETS:
                found.append(f"{name}:{node.lineno}")
    assert found == []
