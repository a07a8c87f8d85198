"""How long a text is for a language model, without asking one."""

LETTERS_PER_TOKEN = 3.6  # English prose has 4 to 4.5 in most vocabularies; a little less errs safely
MESSAGE_TOKENS = 5  # role and delimiters of one message in a chat template


def estimate(text: str) -> int:
    """About how many tokens a text has: a little too many rather than too few.

    Latin letters come several to a token; of other scripts (Chinese, Cyrillic, emoji) each may be one.
    """
    latin = sum(character < "\u0250" for character in text)
    return round(latin / LETTERS_PER_TOKEN + (len(text) - latin) * 1.1 + 0.5) if text else 0
