"""Lines that were broken to fit a page as paragraphs again; words that were hyphenated there as words."""

import re
from collections.abc import Iterable, Iterator, Sequence

from characters.text import are_apart

_END = re.compile(r"[.!?:…。！？：][\"'”’」』）)]*$")  # noqa: RUF001
_ITEM = re.compile(r"(?:[•▪◦‣·–*-]|\(?\d{1,3}[.)]|[a-z]\))\s+\S")  # noqa: RUF001
_BROKEN = re.compile(r"(\w{0,40}[^\W\d_])[-\u2010\u00ad]$")
_KEPT = re.compile(r"(?:und|oder|bzw\.?|and|or|to)\b")  # "Bild- und Tonspur"
_HYPHENATED = re.compile(r"(?<!\w)\w{1,40}[-\u2010]\w{1,40}")  # bounded: a line may be of 10 MB
# A line that is itself a heading, in books that have no other mark of one.
HEADING = re.compile(
    r"(?:(?:chapter|part|book|section|appendix|kapitel|teil|abschnitt|chapitre|partie|capítulo|parte)\s+"
    r"(?:\d+|[ivxlc]+|one|two|three|four|five|six|seven|eight|nine|ten)\b[^.!?]{0,80}"
    r"|第[零〇一二三四五六七八九十百千\d]+[章节節回部卷篇話话][^。！？]{0,40}"  # noqa: RUF001
    r"|(?:prologue|epilogue|preface|introduction|vorwort|nachwort|序章?|前言|后记|後記|尾声|プロローグ|エピローグ))\.?$",
    re.IGNORECASE,
)


def hyphenated_words(lines: Iterable[str]) -> set[str]:
    """Words that have a hyphen where no line ends: where a line ends in one of these it stays."""
    return {found.casefold() for line in lines for found in _HYPHENATED.findall(line)}


def joined_lines(before: str, line: str, hyphenated: set[str] | None = None) -> str:
    """Two lines of one paragraph as one."""
    broken = _BROKEN.search(before[-50:])
    if not broken or not line[:1].islower():
        return before + (" " if are_apart(before, line) else "") + line
    if _KEPT.match(line):
        return f"{before} {line}"
    following = re.match(r"\w+", line)
    whole = f"{broken[1]}-{following[0] if following else ''}".casefold()
    return before + line if whole in (hyphenated or ()) else before[:-1] + line


def paragraphs(lines: Sequence[str], hyphenated: set[str] | None = None) -> Iterator[str]:
    """Paragraphs of lines: one ends with a blank line, and where a sentence ends short of the margin."""
    lengths = sorted(len(line) for line in lines if line)
    width = lengths[len(lengths) * 9 // 10] if lengths else 0
    paragraph: list[str] = []
    last = ""
    for line in lines:
        over = not line or _ITEM.match(line) or (_END.search(last) and len(last) < 0.85 * width)
        if paragraph and over:
            yield _whole(paragraph, hyphenated)
            paragraph = []
        if line:
            paragraph.append(line)
        last = line
    if paragraph:
        yield _whole(paragraph, hyphenated)


def _whole(lines: Sequence[str], hyphenated: set[str] | None) -> str:
    text: list[str] = []
    for line in lines:  # each with the one before it only: a long paragraph is not copied for each
        if text:
            both = joined_lines(text[-1], line, hyphenated)
            text[-1] = both[: len(both) - len(line)]
        text.append(line)
    return "".join(text)
