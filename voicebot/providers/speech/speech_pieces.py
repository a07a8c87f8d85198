"""Cuts text into pieces that a voice can speak one after another, where a speaker would take a breath.

What a synthesis costs in time before its first sound, and in memory, grows with its text: Piper keeps the
buffers of the longest one for good (OHF-Voice/piper1-gpl issue 102).
"""

import re

# From the best place to the worst: the end of a sentence, of a clause, of a word.
BREAKS = tuple(
    re.compile(pattern)
    for pattern in (r"[.!?…][\"'”’)]*(?=\s)|[。！？][」』”’]*", r"[,;:—](?=\s)|[，、；：]", r"\S(?=\s)")  # noqa: RUF001
)


def first_piece(text: str, most: int) -> int:
    """Where to cut `text` so that what is before it has at most `most` characters; its end if it is short."""
    if len(text) <= most:
        return len(text)
    for pattern in BREAKS:
        ends = [match.end() for match in pattern.finditer(text, 0, most + 1) if match.end() <= most]
        # One that leaves a crumb only is no place to breathe, unless there is no other.
        if ends and (ends[-1] > most // 3 or pattern is BREAKS[-1]):
            return ends[-1]
    return most


def pieces(text: str, most: int, first: int = 0) -> list[str]:
    """`text` in pieces of at most `most` characters, without the space between them.

    The first one of several has at most `first`, if that is given: somebody waits for it.
    """
    found: list[str] = []
    whole = len(text.strip()) <= most
    while text := text.strip():
        end = first_piece(text, most if found or whole else first or most)
        found.append(text[:end].rstrip())
        text = text[end:]
    return found
