"""DOCX (ECMA-376, WordprocessingML): paragraphs with their styles, lists and tables, in order."""

from collections.abc import Iterator
from contextlib import suppress
from xml.etree.ElementTree import Element

from characters.documents.blocks import Block, Draft, Heading, Paragraph, Rows, tidy
from characters.documents.document import DocumentUnreadable
from characters.documents.limits import Limits
from characters.documents.readers.archive import Archive

MAIN, STYLES, PROPERTIES = "word/document.xml", "word/styles.xml", "docProps/core.xml"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Strict documents have a namespace of their own, with the same names in it.
STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
TITLE = "{http://purl.org/dc/elements/1.1/}title"
# Deleted text, field codes, and a second copy of what older programs cannot show.
DROPPED = {"delText", "delInstrText", "instrText", "Fallback", "del", "moveFrom", "pPr", "rPr", "sectPr"}
DEEPEST_STYLE = 20  # styles that are based on others
MOST_LEVELS = 9


def read(content: bytes, limits: Limits) -> Draft:
    archive = Archive(content, limits)
    levels = _levels(archive.xml(STYLES)) if STYLES in archive else {}
    body = archive.xml(MAIN)
    title = ""
    with suppress(DocumentUnreadable):  # its text is there whatever its properties are
        title = archive.xml(PROPERTIES).findtext(TITLE) or ""
    if not (title and tidy(title)):
        title = next((tidy(_text(p)) for p in _named(body, "p") if levels.get(_style(p)) == 0), "")
    return Draft(title, _Reader(levels).blocks(body))


def _local(node: Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _named(node: Element, name: str) -> Iterator[Element]:
    return (found for found in node.iter() if _local(found) == name)


def _value(node: Element | None, *path: str) -> str:
    """The `val` of an element below, "" where there is none."""
    for name in path:
        node = next((child for child in node if _local(child) == name), None) if node is not None else None
    if node is None:
        return ""
    return node.get(f"{W}val") or node.get(f"{STRICT}val") or ""


def _style(paragraph: Element) -> str:
    return _value(paragraph, "pPr", "pStyle")


def _levels(styles: Element) -> dict[str, int]:
    """Which styles are headings of which level; the title's is 0."""
    own: dict[str, int] = {}
    based: dict[str, str] = {}
    for style in _named(styles, "style"):
        ident = style.get(f"{W}styleId") or style.get(f"{STRICT}styleId") or ""
        name = _value(style, "name").casefold()
        outline = _value(style, "pPr", "outlineLvl")
        if name == "title":
            own[ident] = 0
        elif name.startswith("heading ") and name[8:].isdigit():
            own[ident] = int(name[8:])
        elif outline.isdigit() and int(outline) < MOST_LEVELS:
            own[ident] = int(outline) + 1
        based[ident] = _value(style, "basedOn")
    for ident in based:
        above = ident
        for _ in range(DEEPEST_STYLE):
            if above in own or not above:
                break
            above = based.get(above, "")
        if above in own:
            own.setdefault(ident, own[above])
    return own


def _text(paragraph: Element) -> str:
    """The text of a paragraph: what is shown, not what was deleted or is hidden."""
    parts: list[str] = []
    open_nodes = [paragraph]
    while open_nodes:
        node = open_nodes.pop()
        name = _local(node)
        if name == "t":
            parts.append(node.text or "")
        elif name in ("tab", "br", "cr"):
            parts.append(" ")
        elif name == "noBreakHyphen":
            parts.append("-")
        elif name in DROPPED or (name == "r" and _is_hidden(node)):
            continue
        open_nodes.extend(reversed(node))
    return "".join(parts)


def _is_hidden(run: Element) -> bool:
    properties = next((child for child in run if _local(child) == "rPr"), None)
    vanish = (
        next((child for child in properties if _local(child) == "vanish"), None)
        if properties is not None
        else None
    )
    return vanish is not None and (_value(vanish) or "true") not in ("0", "false", "off")


class _Reader:
    def __init__(self, levels: dict[str, int]):
        self._levels = levels
        self._rows: list[str] = []

    def blocks(self, body: Element) -> Iterator[Block]:
        open_nodes = [body]
        while open_nodes:
            node = open_nodes.pop()
            name = _local(node)
            if name == "p":
                yield from self._paragraph(node)
            elif name == "tbl":
                yield from self._listed()
                yield from _table(node)
            elif name not in DROPPED:
                open_nodes.extend(reversed(node))
        yield from self._listed()

    def _paragraph(self, node: Element) -> Iterator[Block]:
        text = tidy(_text(node))
        level = self._level(node)
        if text and level is None and next(_named(node, "numPr"), None) is not None:
            depth = _value(node, "pPr", "numPr", "ilvl")
            self._rows.append("  " * min(int(depth) if depth.isdigit() else 0, MOST_LEVELS) + "- " + text)
        elif text:
            yield from self._listed()
            yield Paragraph(text) if level is None else Heading(max(level, 1), text)

    def _level(self, node: Element) -> int | None:
        outline = _value(node, "pPr", "outlineLvl")
        if outline.isdigit() and int(outline) < MOST_LEVELS:
            return int(outline) + 1
        return self._levels.get(_style(node))

    def _listed(self) -> Iterator[Block]:
        rows, self._rows = self._rows, []
        if rows:
            yield Rows(tuple(rows))


def _table(table: Element) -> Iterator[Block]:
    rows = []
    for row in _named(table, "tr"):
        cells = (tidy(" ".join(_text(p) for p in _named(cell, "p"))) for cell in row if _local(cell) == "tc")
        rows.append(" | ".join(cells).strip(" |"))
    rows = [row for row in rows if row]
    marked = next(_named(table, "tblHeader"), None) is not None
    if rows:
        yield Rows(tuple(rows), rows[0] if marked else "")
