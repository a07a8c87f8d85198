"""Text from strangers as text: what no database takes, and what makes a page show something else, goes.

Applied once, where text comes in: metadata, words, cards, forms.
"""

import re
import unicodedata
from typing import Any

_LONE = re.compile("[\ud800-\udfff]")
_REMOVED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f"  # controls but tab and line breaks: PostgreSQL takes no NUL
    "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates: they turn round what follows on a page
    "\ufffe\uffff\U000e0000-\U000e007f]"  # no characters, and invisible ones that a model reads
)


def cleaned(text: str) -> str:
    """`text` as UTF-8 can hold it and a page can show it: half a surrogate pair becomes U+FFFD."""
    if _LONE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _REMOVED.sub("", text)


def is_visible(text: str) -> bool:
    """Whether there is anything to see in the text: not only blanks, joiners and marks."""
    return any(unicodedata.category(letter)[0] in "LNPS" for letter in text)


def cleaned_json(value: Any) -> Any:
    """A JSON value with each string in it cleaned, names included. As deep as recursion goes."""
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, list):
        return [cleaned_json(item) for item in value]
    if isinstance(value, dict):
        return {cleaned(str(name)): cleaned_json(item) for name, item in value.items()}
    return value
