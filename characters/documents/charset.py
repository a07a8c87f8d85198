"""Bytes of text as text: UTF-8, UTF-16 and UTF-32 by their marks, charsets of East Asia, or Latin-1."""

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
LEAST_SHARE = 0.12  # of letters beyond ASCII; of a text in another charset it is next to none
# What is written most in each language.
COMMON = {
    "gb18030": re.compile(
        "[的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里]"
    ),
    "big5": re.compile(
        "[的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡]"
    ),
    "shift_jis": re.compile("[\u3041-\u30ff]"),
    "euc_jp": re.compile("[\u3041-\u30ff]"),
    "cp949": re.compile("[\uac00-\ud7a3]"),
}
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
    if charset := _east_asian(content):
        return content.decode(charset, "replace")
    try:
        return content.decode("cp1252")  # Latin-1 with the quotation marks that everybody means
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _is_damaged_utf8(content: bytes) -> bool:
    """Whether nearly all that is beyond ASCII is UTF-8: a file that was cut off, or has a wrong byte."""
    text = content.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return 10 * wrong < sum(not letter.isascii() for letter in text) - wrong


def _east_asian(content: bytes) -> str:
    """The charset in which much of the text is what is written most; "" for none."""
    sample = content[:SAMPLE_BYTES]
    best, charset = LEAST_SHARE, ""
    for name, common in COMMON.items():
        text = sample.decode(name, "replace")
        beyond = [letter for letter in text if not letter.isascii()]
        if text.count("\ufffd") <= len(text) / 200 and beyond:
            share = len([letter for letter in beyond if common.match(letter)]) / len(beyond)
            if share > best:
                best, charset = share, name
    return charset or ("gb18030" if _comes_in_pairs(sample) else "")


def _comes_in_pairs(sample: bytes) -> bool:
    """Whether bytes beyond ASCII do, as in GB18030: a Latin accent mostly stands alone."""
    runs = [len(found[0]) for found in _HIGH.finditer(sample)]
    paired = sum(length for length in runs if length % 2 == 0)
    if not runs or paired < 0.8 * sum(runs):
        return False
    return sample.decode("gb18030", "replace").count("\ufffd") <= len(sample) / 200
