"""Comparing what was said with what was heard."""

from collections.abc import Sequence


def words(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "'" else " " for c in text.lower()).split()


def edits(said: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein distance, in words of lists or letters of strings."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(said, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def error_rate(said: list[str], heard: list[str]) -> float:
    """Word errors for each word said."""
    errors = sum(edits(words(a), words(b)) for a, b in zip(said, heard, strict=True))
    return errors / sum(len(words(text)) for text in said)


def letter_error_rate(said: str, heard: str) -> float:
    """Letter errors for each letter said: a name spelled as it sounds counts little, another word much."""
    said, heard = "".join(words(said)), "".join(words(heard))
    return edits(said, heard) / len(said)
