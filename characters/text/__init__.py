"""What strangers write, made safe and measured: macros, plain text, a model's marks, length in tokens."""

from characters.text import token_estimate
from characters.text.languages import LANGUAGE_NAMES, written_in
from characters.text.macros import DEFAULT_VISITOR, Macros, has_macros
from characters.text.moment import Moment, restored
from characters.text.numbers import finite
from characters.text.plain_text import cleaned, cleaned_json, is_visible
from characters.text.pronunciations import Pronunciation, pronunciations, unreadable
from characters.text.quoting import VALUE_LIMIT, lookup, quoted, unquoted
from characters.text.reasons import Reason, because
from characters.text.scanned_text import scannable
from characters.text.spaceless import are_apart, joined
from characters.text.template_marks import as_plain_words, as_words

__all__ = [
    "DEFAULT_VISITOR",
    "LANGUAGE_NAMES",
    "VALUE_LIMIT",
    "Macros",
    "Moment",
    "Pronunciation",
    "Reason",
    "are_apart",
    "as_plain_words",
    "as_words",
    "because",
    "cleaned",
    "cleaned_json",
    "finite",
    "has_macros",
    "is_visible",
    "joined",
    "lookup",
    "pronunciations",
    "quoted",
    "restored",
    "scannable",
    "token_estimate",
    "unquoted",
    "unreadable",
    "written_in",
]
