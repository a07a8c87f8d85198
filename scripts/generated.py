"""Documents that are generated from the code: written, or with --check compared with what they would be."""

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent


def write_or_check(name: str, written: Callable[[], str]) -> None:
    """Writes what `written` returns to a file below the repository; with --check exits if it is another."""
    file = ROOT / name
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if file.read_text() == written() else f"{name} is older than the code: make docs")
    file.write_text(written())
    print(f"{name} is written.")
