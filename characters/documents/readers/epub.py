"""EPUB 2 and 3: the pages of a book in reading order, with the titles that its table of contents gives."""

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote, urldefrag
from xml.etree.ElementTree import Element

from characters.documents import refusals
from characters.documents.blocks import Block, Draft, Heading, tidy
from characters.documents.charset import decoded
from characters.documents.document import DocumentUnreadable
from characters.documents.limits import Limits
from characters.documents.readers import html
from characters.documents.readers.archive import Archive, declares_entities

CONTAINER, RIGHTS, ENCRYPTION = "META-INF/container.xml", "META-INF/rights.xml", "META-INF/encryption.xml"
PAGES = {"application/xhtml+xml", "text/html", "application/xml"}
NCX = "application/x-dtbncx+xml"
# In XHTML these may close themselves; HTML would take all that follows for their content.
_CLOSED = re.compile(
    r"<(title|script|style|textarea|iframe|noscript|a|b|i|em|span|div|p|td|li|h[1-6])\b([^<>]*)/>",
    re.IGNORECASE,
)
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")


def read(content: bytes, limits: Limits) -> Draft:
    archive = Archive(content, limits)
    package = _package_path(archive)
    folder = posixpath.dirname(package)
    book = archive.xml(package)
    items = {item.get("id", ""): item for item in _named(book, "item")}
    pages = []
    for reference in _named(book, "itemref"):
        item = items.get(reference.get("idref", ""))
        if item is not None and reference.get("linear") != "no" and _is_page(item):
            pages.append(_path(folder, item.get("href", "")))
    pages = [path for path in dict.fromkeys(pages) if path in archive]
    if not pages:
        raise DocumentUnreadable(refusals.DAMAGED)
    if _is_locked(archive, pages):
        raise DocumentUnreadable(refusals.COPY_PROTECTED)
    title = next((tidy("".join(node.itertext())) for node in _named(book, "title")), "")
    titles = _titles(archive, folder, items)
    return Draft(title, _blocks(archive, pages, titles, limits))


def _named(node: Element, name: str) -> Iterator[Element]:
    return (
        found for found in node.iter() if isinstance(found.tag, str) and found.tag.rpartition("}")[2] == name
    )


def _is_page(item: Element) -> bool:
    return item.get("media-type") in PAGES and not _is_contents(item)


def _is_contents(item: Element) -> bool:
    """EPUB 3's table of contents."""
    return "nav" in (item.get("properties") or "").split()


def _path(folder: str, reference: str) -> str:
    """Where a reference leads within the archive; one that leads out of it leads to nothing there."""
    return posixpath.normpath(posixpath.join(folder, unquote(urldefrag(reference)[0])))


def _package_path(archive: Archive) -> str:
    for root in _named(archive.xml(CONTAINER), "rootfile"):
        if (path := root.get("full-path", "")) in archive:
            return path
    raise DocumentUnreadable(refusals.DAMAGED)


def _is_locked(archive: Archive, pages: list[str]) -> bool:
    """Whether pages are encrypted; fonts often are, and that does not matter."""
    if ENCRYPTION not in archive:
        return False
    locked = {unquote(node.get("URI", "")) for node in _named(archive.xml(ENCRYPTION), "CipherReference")}
    return bool(locked & set(pages))


def _titles(archive: Archive, folder: str, items: dict[str, Element]) -> dict[str, str]:
    """Titles of pages by the table of contents: EPUB 3's, or the NCX of EPUB 2."""
    found: dict[str, str] = {}
    for item in items.values():
        path = _path(folder, item.get("href", ""))
        if path not in archive:
            continue
        inside = posixpath.dirname(path)
        if _is_contents(item):
            for link in html.LexborHTMLParser(_page(archive, path)).css("nav a[href]"):
                found.setdefault(_path(inside, link.attributes.get("href") or ""), tidy(link.text()))
        elif item.get("media-type") == NCX:
            for point in _named(archive.xml(path), "navPoint"):
                content = next(_named(point, "content"), None)
                label = next(_named(point, "text"), None)
                if content is not None and label is not None:
                    found.setdefault(_path(inside, content.get("src", "")), tidy(label.text or ""))
    return found


def _page(archive: Archive, path: str) -> str:
    content = archive.read(path)
    text = decoded(content, html.declared_charset(content))
    if declares_entities(text):
        raise DocumentUnreadable(refusals.ENTITIES)
    return _CDATA.sub("", _CLOSED.sub(r"<\1\2></\1>", text))


def _blocks(archive: Archive, pages: list[str], titles: dict[str, str], limits: Limits) -> Iterator[Block]:
    for path in pages:
        blocks = html.read(_page(archive, path), limits).blocks
        first = next(blocks, None)
        if first is None:
            continue
        if not isinstance(first, Heading) and (title := titles.get(path)):
            yield Heading(1, title)
        yield first
        yield from blocks
