"""Comparing what was said with what was heard."""


def words(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "'" else " " for c in text.lower()).split()


def word_errors(said: str, heard: str) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(words(heard)) + 1))
    for i, a in enumerate(words(said), 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(words(heard), 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def error_rate(said: list[str], heard: list[str]) -> float:
    """Word errors for each word said."""
    errors = sum(word_errors(a, b) for a, b in zip(said, heard, strict=True))
    return errors / sum(len(words(text)) for text in said)
