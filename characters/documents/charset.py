"""Bytes of text as text: UTF-8, UTF-16 and UTF-32 by their marks, GB18030, or Latin-1."""

import codecs
import re

MARKS = (  # UTF-32's begin with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLE_BYTES = 200_000
_HIGH = re.compile(rb"[\x80-\xff]+")


def decoded(content: bytes, declared: str = "") -> str:
    """The text; what its charset does not have becomes U+FFFD. `declared` is what a page says of itself."""
    for mark, charset in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(charset, "replace")
    try:
        return content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        if _is_damaged_utf8(content):
            return content.decode("utf-8", "replace")
    if declared:
        try:
            return content.decode(declared)
        except (UnicodeDecodeError, LookupError):
            pass  # it says what it is not
    if _looks_chinese(content):
        return content.decode("gb18030", "replace")
    try:
        return content.decode("cp1252")  # Latin-1 with the quotation marks that everybody means
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _is_damaged_utf8(content: bytes) -> bool:
    """Whether nearly all that is beyond ASCII is UTF-8: a file that was cut off, or has a wrong byte."""
    text = content.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return 10 * wrong < sum(not letter.isascii() for letter in text) - wrong


def _looks_chinese(content: bytes) -> bool:
    """Whether bytes beyond ASCII come in pairs, as in GB18030: a Latin accent mostly stands alone."""
    sample = content[:SAMPLE_BYTES]
    runs = [len(found[0]) for found in _HIGH.finditer(sample)]
    paired = sum(length for length in runs if length % 2 == 0)
    if not runs or paired < 0.8 * sum(runs):
        return False
    return sample.decode("gb18030", "replace").count("\ufffd") <= len(sample) / 200
