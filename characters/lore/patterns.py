"""Patterns of keys: regular expressions as JavaScript means them, for the `regex` package.

Lorebooks are written for applications that run in browsers. Theirs `\\w`, `\\d` and `\\b` know ASCII only, so
that `\\bPython\\b` is found in a Chinese sentence; braces that count nothing are braces (here they would ask
for fuzzy matching); `$` is the end and nothing before it.
"""

import re
from functools import lru_cache
from typing import Any

import regex

MOST_PATTERN = 1000  # characters: compiling takes 17 µs for each, and nobody can stop it
FLAGS = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL, "u": 0, "g": 0, "y": 0}
_SLASHED = re.compile(r"/((?:[^\\/]|\\.)+)/([gimsuy]*)", re.DOTALL)
_COUNT = re.compile(r"\{\d{1,6}(?:,\d{0,6})?\}")
_WORD = "A-Za-z0-9_"
_OUTSIDE = {  # a class
    "w": f"[{_WORD}]",
    "W": f"[^{_WORD}]",
    "d": "[0-9]",
    "D": "[^0-9]",
    "b": f"(?:(?<![{_WORD}])(?=[{_WORD}])|(?<=[{_WORD}])(?![{_WORD}]))",
    "B": f"(?:(?<![{_WORD}])(?![{_WORD}])|(?<=[{_WORD}])(?=[{_WORD}]))",
}
_INSIDE = {"w": _WORD, "d": "0-9", "b": r"\x08"}
_ESCAPE = re.compile(
    r"\\(?:u\{[0-9a-fA-F]{1,6}\}|[pP]\{[^{}]*\}|k<\w+>|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|c[A-Za-z]|\d+|.|\Z)",
    re.DOTALL,
)
_PLAIN = " _-'\",:;!&%#@~<>=`"  # signs that mean themselves
_GROUP = re.compile(r"\((?:\?:)?([A-Za-z0-9 '-]+(?:\|[A-Za-z0-9 '-]+)*)\)(?![?*{])")  # that has to be there
_LEAST_LITERAL = 2  # characters of a literal that is worth looking for first


def slashed(key: str) -> tuple[str, str] | None:
    """Source and flags of a key that is written as /pattern/flags.

    A slash within it has to be escaped: otherwise the key is text with slashes, as in SillyTavern.
    """
    match = _SLASHED.fullmatch(key)
    if match is None or len(set(match.group(2))) < len(match.group(2)):
        return None
    return match.group(1), match.group(2)


def as_slashed(key: str, case_sensitive: bool) -> str:
    """A key that is a pattern, as /pattern/flags."""
    if slashed(key):
        return key
    source = re.sub(r"(?<!\\)((?:\\\\)*)/", r"\1\\/", key)
    return f"/{source}/" if case_sensitive else f"/{source}/i"


def _escape_at(source: str, at: int) -> str:
    """The whole of an escape, with its digits or name."""
    match = _ESCAPE.match(source, at)
    return match.group() if match else source[at]


def _escape(escape: str, inside: bool) -> str:
    """An escape of JavaScript as one of `regex`."""
    letter = escape[1:2]
    if letter == "/":
        return "/"
    if letter == "u" and escape.endswith("}"):
        return f"\\U{int(escape[3:-1], 16) % 0x110000:08x}"
    if letter == "k" and escape.endswith(">"):
        return f"(?P={escape[3:-1]})"
    return (_INSIDE if inside else _OUTSIDE).get(letter, escape)


def translated(source: str, multiline: bool = False) -> str:
    """A pattern of JavaScript as one of `regex`."""
    parts: list[str] = []
    inside, at = False, 0
    while at < len(source):
        sign = source[at]
        if sign == "\\":
            escape = _escape_at(source, at)
            parts.append(_escape(escape, inside))
            at += len(escape)
            continue
        if inside:
            inside = sign != "]"
            parts.append("\\[" if sign == "[" else sign)
        elif sign == "[":
            for whole, meant in (("[^]", "(?s:.)"), ("[]", "(?!)")):
                if source.startswith(whole, at):
                    parts.append(meant)
                    at += len(whole)
                    break
            else:
                inside = True
                parts.append(sign)
                at += 1
            continue
        elif sign == "{" and not _COUNT.match(source, at):
            parts.append("\\{")
        elif sign == "$" and not multiline:
            parts.append(r"\Z")
        else:
            parts.append(sign)
        at += 1
    return "".join(parts)


@lru_cache(maxsize=8192)
def compiled(source: str, flags: str) -> Any:
    """The compiled pattern; None if it is too long or is none."""
    if len(source) > MOST_PATTERN:
        return None
    wanted = 0
    for letter in flags:
        wanted |= FLAGS[letter]
    try:
        return regex.compile(translated(source, "m" in flags), wanted)
    except (regex.error, OverflowError, RecursionError, MemoryError, ValueError):
        return None


@lru_cache(maxsize=16384)
def literals_of(source: str) -> tuple[str, ...]:
    """Pieces of text, without case, of which one is in whatever the pattern finds; none if that is not sure.

    A text that has none of them is not searched, and the pattern not even compiled.
    """
    if len(source) > MOST_PATTERN or "(?" in source.replace("(?:", ""):
        return ()
    found: list[tuple[str, ...]] = []
    run, depth, at = "", 0, 0
    while at < len(source):
        sign, after = source[at], at + 1
        if sign == "|" and not depth:
            return ()
        count = _COUNT.match(source, at) if sign == "{" else None
        words = _GROUP.match(source, at) if sign == "(" and not depth else None
        if sign == "[":
            after = _end_of_class(source, at)
        elif sign == "\\":
            after = at + len(_escape_at(source, at))
        elif count:  # its digits are no text
            after = count.end()
        elif words:
            after = words.end()
            found.append(tuple(words.group(1).split("|")))
        if (sign in "*?" or count) and not depth:
            run = run[:-1]
        if not depth and sign.isascii() and (sign.isalnum() or sign in _PLAIN):
            run += sign
        else:
            found.append((run,))
            run = ""
        if not words:
            depth += (sign == "(") - (sign == ")")
        at = after
    best = max((*found, (run,)), key=lambda pieces: min(map(len, pieces)))
    if depth or min(map(len, best)) < _LEAST_LITERAL:
        return ()
    return tuple(piece.casefold() for piece in best)


def _end_of_class(source: str, at: int) -> int:
    """Where the class that begins at `at` ends."""
    at += 1
    while at < len(source) and source[at] != "]":
        at += 2 if source[at] == "\\" else 1
    return at + 1
