"""The words of a text as captions show them, in scripts with spaces and without."""

import re

# Kana and Chinese characters: a word for a caption is one of them, with the signs around it.
SPACELESS = r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
IN_SPACELESS = re.compile(rf"\W*(?:{SPACELESS}|(?:(?!{SPACELESS})\w)+)\W*")
LETTERS_OF_A_CHARACTER = 3  # in time: a Chinese character takes as long as three Latin letters


def is_spaceless(text: str) -> bool:
    """Whether a text is, at least in part, in a script that puts no spaces between words."""
    return re.search(SPACELESS, text) is not None


def tokens(text: str) -> list[str]:
    """The words of a text as captions show them; of a spaceless one, each with the space behind it."""
    return IN_SPACELESS.findall(text.strip()) if is_spaceless(text) else text.split()


def letters_of(text: str) -> int:
    """How long a text takes to say, in letters of English; spaces between words count."""
    plain = " ".join(text.split())
    return sum(LETTERS_OF_A_CHARACTER if letter > "⺀" else 1 for letter in plain)
