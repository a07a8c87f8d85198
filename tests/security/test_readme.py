"""The table of attacks names tests that are there, and leaves no finding out."""

import re

from tests.servers import ROOT

TESTS = ROOT / "tests"
TABLE = (TESTS / "security" / "README.md").read_text()
FINDINGS = [
    f"{weight}{number}" for weight, most in (("H", 8), ("M", 11), ("L", 22)) for number in range(1, most + 1)
]


def test_every_finding_has_a_row():
    assert re.findall(r"^\| ([HML]\d+) \|", TABLE, re.M) == FINDINGS


def test_every_test_that_is_named_is_there():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", TABLE)
    assert len(named) > 100
    assert [
        f"{file}::{name}" for file, name in named if f"def {name}(" not in (TESTS / file).read_text()
    ] == []
