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
_COUNTED = r"\{\d{1,6}(?:,\d{0,6})?\}"
_ESCAPED = (
    r"\\(?:u\{[0-9a-fA-F]{1,6}\}|[pP]\{[^{}]*\}|k<\w+>|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|c[A-Za-z]|\d+|.|\Z)"
)
_COUNT, _ESCAPE = re.compile(_COUNTED), re.compile(_ESCAPED, re.DOTALL)
_WORDS = r"[A-Za-z0-9 '-]+"
_TOKEN = re.compile(
    r"""(?P<plain>[A-Za-z0-9 _'",:;!&%#@~<>=`-]+)"""
    rf"|(?P<escape>{_ESCAPED})"
    r"|(?P<class>\[(?:\\.|[^\]\\])*\]?)"
    rf"|(?P<count>{_COUNTED})"
    rf"|(?P<group>\((?:\?:)?(?P<words>{_WORDS}(?:\|{_WORDS})*)\)(?![?*{{]))"  # that has to be there
    r"|(?P<other>.)",
    re.DOTALL,
)
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


@lru_cache(maxsize=4096)  # of some 17 KB each
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
    best: tuple[str, ...] = ()
    longest, depth, run = _LEAST_LITERAL - 1, 0, ""
    for token in _TOKEN.finditer(source):
        kind, text = token.lastgroup, token.group()
        if kind == "plain" and not depth:
            run += text
            continue
        if kind == "other":
            depth += (text == "(") - (text == ")")
            if text == "|" and not depth:
                return ()
        if (kind == "count" or text in {"*", "?"}) and not depth:
            run = run[:-1]  # that may be missing
        if len(run) > longest:
            best, longest = (run,), len(run)
        run = ""
        if kind == "group" and not depth:
            words = token.group("words").split("|")
            if (shortest := min(map(len, words))) > longest:
                best, longest = tuple(words), shortest
    if depth:
        return ()
    if len(run) > longest:
        best = (run,)
    return tuple(map(str.casefold, best))
