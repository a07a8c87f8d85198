"""Token estimate: how long a text is for a language model, without asking one."""

import re

LETTERS_PER_TOKEN = 3.6  # English prose has 4 to 4.5 in most vocabularies; a little less errs safely
MESSAGE_TOKENS = 5  # role and delimiters of one message in a chat template
_LATIN = re.compile("[\0-\u024f]+")


def estimate(text: str) -> int:
    """About how many tokens a text has: a little too many rather than too few.

    Latin letters come several to a token; of other scripts (Chinese, Cyrillic, emoji) each may be one.
    """
    if not text:
        return 0
    others = 0 if text.isascii() else len(_LATIN.sub("", text))
    return round((len(text) - others) / LETTERS_PER_TOKEN + others * 1.1 + 0.5)
