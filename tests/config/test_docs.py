"""What the pages for readers name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
OWN = (
    "benchmarks",
    "characters",
    "config",
    "deploy",
    "docs",
    "greenroom",
    "requirements",
    "scripts",
    "sessions_app",
    "staff",
)
NAMED = re.compile(rf"`((?:{'|'.join([*OWN, 'templates', 'tests', 'voicebot'])})/[\w./-]*)`")
HISTORY = ("CHANGELOG.md",)  # names what was there then


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in HISTORY], ids=lambda page: page.name
)
def test_every_file_that_a_page_names_is_there(page):
    missing = {name for name in NAMED.findall(page.read_text()) if not (ROOT / name).exists()}
    assert not missing
