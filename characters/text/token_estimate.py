"""Token estimate: how long a text is for a language model, without asking one.

By script, as a vocabulary made of English text has it (measured with SmolLM2's; a model that has learnt more
languages needs fewer, so that this errs safely).
"""

import regex

MESSAGE_TOKENS = 5  # role and delimiters of one message in a chat template
PER_LATIN_LETTER = 0.23  # spaces count as letters: a word with its space is one token, or two
PER_MARK = 0.76  # of punctuation in ASCII; some are one token with what is beside them
# French has 2.5 letters to a token where English has 4.5; its accents tell that a text is no English.
PER_ACCENT, MOST_FOR_ACCENTS = 8.0, 0.15  # of which at most so much for each letter
MARK, DIGIT, ACCENTED = regex.compile(r"[!-/:-@\[-`{-~\n]"), regex.compile("[0-9]"), regex.compile(r"[À-ɏ]")
BORDER = regex.compile("[A-Za-z] ?(?=[^\0-\u024f])|[^\0-\u024f] ?(?=[A-Za-z])")  # a token is in one script
LATIN = regex.compile("[\0-\u024f]+")
SCRIPTS = (  # tokens of a character
    (regex.compile(r"\p{Han}"), 1.85),
    (regex.compile(r"[\p{Hiragana}\p{Katakana}]"), 1.6),
    (regex.compile(r"\p{Hangul}"), 2.6),
    (
        regex.compile(r"[\u2010-\u2027\u3000-\u303f\uff00-\uffef]"),
        1.6,
    ),  # wide marks, dashes, quotations
    (regex.compile(r"[\p{Cyrillic}\p{Greek}]"), 0.95),
    (regex.compile(r"[\p{Arabic}\p{Hebrew}]"), 1.1),
    (regex.compile(r"\p{Devanagari}"), 1.4),
)
PER_OTHER = 2.2  # a character of which the vocabulary has the bytes alone


def estimate(text: str) -> int:
    """About how many tokens a text has."""
    if not text:
        return 0
    if text.isascii():
        return round(_latin(text) + 0.5)
    others = LATIN.sub("", text)
    tokens = _latin("".join(LATIN.findall(text))) + len(BORDER.findall(text))
    for script, each in SCRIPTS:
        others, count = script.subn("", others)
        tokens += each * count
    return round(tokens + PER_OTHER * len(others) + 0.5)


def _latin(text: str) -> float:
    marks, digits = len(MARK.findall(text)), len(DIGIT.findall(text))
    letters = len(text) - marks - digits
    accents = 0 if text.isascii() else len(ACCENTED.findall(text))
    return (
        PER_LATIN_LETTER * letters
        + PER_MARK * marks
        + digits
        + min(MOST_FOR_ACCENTS * letters, PER_ACCENT * accents)
    )
