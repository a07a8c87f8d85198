"""What kind of document a file is, by what is in it; its name only tells between kinds of plain text."""

import io
import re
import zipfile
from pathlib import PurePosixPath

from characters.documents import refusals
from characters.documents.document import DocumentUnreadable
from characters.exceptions import DAMAGED_ZIP

HEAD = 1024
PDF_MARK, ZIP_MARK, OLE_MARK = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
OTHERS = (  # what files begin with that people drop by mistake
    (b"{\\rtf", refusals.RTF),
    (b"\x89PNG", refusals.PICTURE),
    (b"\xff\xd8\xff", refusals.PICTURE),
    (b"GIF8", refusals.PICTURE),
    (b"\x1f\x8b", refusals.COMPRESSED),
    (b"7z\xbc\xaf", refusals.COMPRESSED),
    (b"Rar!", refusals.COMPRESSED),
    (b"PK\x05\x06", refusals.EMPTY),
)
WITHIN_ZIP = (  # a member that tells the kind of an archive
    ("META-INF/container.xml", "epub"),
    ("word/document.xml", "docx"),
)
OTHER_ZIPS = (
    ("xl/workbook.xml", refusals.SPREADSHEET),
    ("ppt/presentation.xml", refusals.SLIDES),
    ("content.xml", refusals.OPEN_DOCUMENT),
)
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKDOWN = re.compile(
    r"^(?:#{1,6} \S|```|\* \S|- \S|\|.+\|$|> \S|.+\n(?:===+|---+)$)|\]\(\S+\)|\*\*\S", re.MULTILINE
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MARKDOWN_NAMES, HTML_NAMES = {".md", ".markdown", ".mdown"}, {".htm", ".html", ".xhtml"}


def packed_kind(content: bytes) -> str:
    """pdf, epub or docx, by the content; "" of what may be text. Raises DocumentUnreadable of others."""
    if PDF_MARK in content[:HEAD]:
        return "pdf"
    if content.startswith(ZIP_MARK):
        return _kind_of_archive(content)
    if content.startswith(OLE_MARK):
        if ENCRYPTED_OFFICE in content:
            raise DocumentUnreadable(refusals.LOCKED)
        raise DocumentUnreadable(refusals.OLD_OFFICE)
    for begin, reason in OTHERS:
        if content.startswith(begin):
            raise DocumentUnreadable(reason)
    return ""


def _kind_of_archive(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {info.filename for info in archive.infolist()}
    except DAMAGED_ZIP as error:
        raise DocumentUnreadable(refusals.DAMAGED) from error
    for member, kind in WITHIN_ZIP:
        if member in names:
            return kind
    for member, reason in OTHER_ZIPS:
        if member in names:
            raise DocumentUnreadable(reason)
    raise DocumentUnreadable(refusals.COMPRESSED)


def text_kind(name: str, text: str) -> str:
    """html, markdown or text."""
    ending = PurePosixPath(name).suffix.lower()
    head = text[: 4 * HEAD]
    if _HTML.match(head) or (ending in HTML_NAMES and "<" in head):
        return "html"
    return "markdown" if ending in MARKDOWN_NAMES or (not ending and _MARKDOWN.search(head)) else "text"


def check_is_text(text: str) -> None:
    """Raises DocumentUnreadable of bytes that are no text at all: a program, a sound, a damaged file."""
    sample = text[: 64 * HEAD]
    if len(_CONTROLS.findall(sample)) + sample.count("\ufffd") > len(sample) / 20:
        raise DocumentUnreadable(refusals.NO_DOCUMENT)
