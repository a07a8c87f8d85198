"""What an editor reads when a file is refused is collected for translation."""

import ast
from collections.abc import Iterator
from pathlib import Path

from characters import field_limits

ROOT = Path(__file__).parents[2] / "characters"
PARTS = ("cards", "portraits", "versions")
SAID = {"CardRefused", "ValidationError", "NotPublishable", "keep", "leave_out", "understand"}


def untranslated(path: Path) -> Iterator[str]:
    """Each call that says a sentence as it stands in the source."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SAID:
            for said in node.args[:1]:
                if isinstance(said, ast.JoinedStr) or (
                    isinstance(said, ast.Constant) and isinstance(said.value, str)
                ):
                    yield f"{path.name}:{node.lineno}: {ast.unparse(said)}"


def test_no_sentence_for_an_editor_is_english_alone() -> None:
    files = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
    assert files
    assert [line for path in files for line in untranslated(path)] == []


def test_a_field_that_is_too_long_is_named_in_english_as_before() -> None:
    assert field_limits.named("post_history") == "post history"
