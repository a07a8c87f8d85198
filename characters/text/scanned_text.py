"""What of a text the keys of a lorebook are looked for in."""

import re

_COMMENT = re.compile(r"\{\{\s*(?://|comment\s*:)[^{}]*\}\}", re.IGNORECASE)
_HIDDEN_KEY = re.compile(r"\{\{\s*hidden_key\s*:([^{}]*)\}\}", re.IGNORECASE)


def scannable(content: str) -> str:
    """A lorebook entry's content as the keys of others may match it: hidden keys count, comments do not."""
    return _HIDDEN_KEY.sub(r"\1", _COMMENT.sub("", content))
