"""Questions: which part of what is said is read for its meaning, the same for whoever looks for something."""

import re

LONG_CHARACTERS = 80  # of what is said, in which a question at the end is looked for by itself
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f]+[.!?\u3002\uff01\uff1f]*")


def readings(words: str) -> list[str]:
    """What to look for: all that was said, and of a longer speech the last question, or sentence, too."""
    sentences = [found[0].strip() for found in _SENTENCE.finditer(words)]
    if len(words) <= LONG_CHARACTERS or len(sentences) < 2:
        return [words]
    asked = [sentence for sentence in sentences if sentence.endswith(("?", "\uff1f"))]
    return [words, (asked or sentences)[-1]]


def question_in(words: str) -> str:
    """What of it is looked for where there is time for one reading: its end, if it is long."""
    return readings(words.strip())[-1][-LONG_CHARACTERS:]
