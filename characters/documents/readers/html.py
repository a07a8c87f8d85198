"""HTML, by Lexbor, which parses as browsers do: no script runs, nothing hidden is taken, nothing fetched."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from characters.documents import refusals
from characters.documents.blocks import Block, Draft, Heading, Paragraph, Rows, tidy
from characters.documents.document import DocumentUnreadable
from characters.documents.limits import Limits

# No text of the page, or text for programs; `rt` says how the characters beside it are pronounced.
DROPPED = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "frame",
        "object",
        "embed",
        "applet",
        "svg",
        "math",
        "canvas",
        "audio",
        "video",
        "head",
        "title",
        "nav",
        "select",
        "button",
        "input",
        "textarea",
        "datalist",
        "dialog",
        "rt",
        "rp",
        "map",
    )
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
INLINE = frozenset(
    (
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "ruby",
        "rb",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "big",
        "acronym",
    )
)
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w:.-]{1,40})|<\?xml[^>]{0,100}encoding=[\"']([\w.-]{1,40})",
    re.I,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
TEXT = "-text"
_TAG = re.compile(r"<(/?)([a-z][^\s/<>]*)[^<>]*", re.I)
# Elements that contain nothing, or that the next one ends: they do not nest.
_FLAT = re.compile(
    r"area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|d[dt]|option|optgroup|t[rdh]|thead|tbody"
    r"|tfoot|colgroup|r[tpb]"
)
# However they are written: what HTML parsers leave open at `<div/>`.
_ENDED_BY_TAG = re.compile(
    r"address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figcaption|figure|footer|form"
    r"|h[1-6]|header|hgroup|main|menu|nav|ol|pre|search|section|summary|table|ul"
)
PARSED_DEPTH = 20  # times what is read; pages leave tags open, and parsing takes time by depth squared


def declared_charset(content: bytes) -> str:
    """What a page says its charset is, "" if nothing."""
    found = _CHARSET.search(content[:2048])
    return (found[1] or found[2]).decode("ascii") if found else ""


def refuse_if_nested(text: str, most: int) -> None:
    """Raises DocumentUnreadable if more than `most` elements are open at once, before anything is parsed."""
    depth = 0
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        # Only a drawing's elements end with `/>`.
        if _FLAT.fullmatch(name) or (tag[0].endswith("/") and not _ENDED_BY_TAG.fullmatch(name)):
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > most:
            raise DocumentUnreadable(refusals.NESTED)


def read(text: str, limits: Limits) -> Draft:
    refuse_if_nested(text, limits.depth * PARSED_DEPTH)
    tree = LexborHTMLParser(text)
    title = tree.css_first("title")
    main = tree.css("main, [role=main]") or tree.css("article")
    root = main[0] if len(main) == 1 else tree.body
    first = tree.css_first("h1")
    name = tidy(title.text()) if title else ""
    blocks = _Walk(limits).blocks(root) if root is not None else iter(())
    return Draft(name or (tidy(first.text()) if first else ""), blocks)


def is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return bool(attributes) and (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(_HIDDEN.search(attributes.get("style") or ""))
    )


class _Walk:
    """Goes through a tree in order, without recursion: pages are as deep as who wrote them likes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._text: list[str] = []
        self._rows: list[str] = []
        self._head = ""
        self._lists: list[list[int]] = []  # of each open list the number of its item; 0 without numbers
        self._cells: list[str] | None = None
        self._marks: list[str] = []  # what stands before the next row: a bullet, a number
        self._preformatted = 0
        self._tables = 0

    def blocks(self, root: LexborNode) -> Iterator[Block]:
        node: LexborNode | None = root
        depth = elements = 0
        while node is not None:
            elements += 1
            if elements > self._limits.elements or depth > self._limits.depth:
                raise DocumentUnreadable(refusals.NESTED)
            taken = self._takes(node)
            if taken:
                yield from self._begin(node)
            if taken and node.first_child is not None:
                node, depth = node.first_child, depth + 1
                continue
            if taken:
                yield from self._end(node)
            while node is not None and node.next is None:
                node = node.parent if depth else None
                depth -= 1
                if node is not None:
                    yield from self._end(node)
                if depth <= 0:
                    node = None
            node = node.next if node is not None else None
        yield from self._flushed()
        yield from self._listed()

    def _takes(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        return tag == TEXT or (not tag.startswith(("-", "!")) and tag not in DROPPED and not is_hidden(node))

    def _begin(self, node: LexborNode) -> Iterator[Block]:
        tag = node.tag or ""
        if tag == TEXT:
            self._text.append(node.text_content or "")
        elif tag == "br":
            self._text.append("\n" if self._preformatted else " ")
        elif tag in ("td", "th"):
            if self._cells is not None:
                self._text = []
        elif tag not in INLINE and self._cells is None:
            yield from self._flushed()
            yield from self._opened(tag, node)

    def _opened(self, tag: str, node: LexborNode) -> Iterator[Block]:
        if tag in ("ul", "ol", "menu"):
            if not self._lists and not self._tables:
                yield from self._listed()
            self._lists.append([1 if tag == "ol" else 0])
        elif tag == "li" and self._lists:
            number = self._lists[-1]
            self._marks = ["  " * (len(self._lists) - 1), f"{number[0]}. " if number[0] else "- "]
            number[0] += bool(number[0])
        elif tag == "table":
            yield from self._listed()
            self._tables += 1
        elif tag == "tr" and self._tables:
            self._cells = []
        elif tag == "dt":
            yield from self._listed()
        elif tag == "dd":
            self._marks = ["  "]
        elif tag == "pre":
            yield from self._listed()
            self._preformatted += 1

    def _end(self, node: LexborNode) -> Iterator[Block]:
        tag = node.tag or ""
        if self._cells is not None:
            self._end_in_table(tag, node)
            return
        if tag in INLINE or tag in (TEXT, "br"):
            return
        if tag in HEADINGS:
            text, self._text = tidy("".join(self._text)), []
            yield from self._listed()
            if text:
                yield Heading(HEADINGS[tag], text)
            return
        yield from self._flushed()
        if tag in ("ul", "ol", "menu") and self._lists:
            self._lists.pop()
            self._marks = []
            if not self._lists:
                yield from self._listed()
        elif tag == "table" and self._tables:
            self._tables -= 1
            yield from self._listed()
        elif tag == "pre":
            self._preformatted -= 1
            yield from self._listed()

    def _end_in_table(self, tag: str, node: LexborNode) -> None:
        cells = self._cells if self._cells is not None else []
        if tag in ("td", "th"):
            cells.append(tidy("".join(self._text)))
            self._text = []
        elif tag == "tr":
            row = " | ".join(cells).strip(" |")
            if row and not self._rows and node.css_first("th") is not None:
                self._head = row
            self._rows += [row] if row else []
            self._cells, self._text = None, []
        elif tag not in INLINE and tag != TEXT:
            self._text.append(" ")

    def _flushed(self) -> Iterator[Block]:
        """What was read since the last block began: a paragraph, or a row of the list that is open."""
        raw, self._text = "".join(self._text), []
        if self._preformatted:
            self._rows += [line for line in map(_kept, raw.split("\n")) if line.strip()]
            return
        text = tidy(raw)
        if not text:
            return
        if self._lists or self._marks:
            self._rows.append("".join(self._marks) + text)
            self._marks = ["  " * len(self._lists)] if self._lists else []
        else:
            yield from self._listed()
            yield Paragraph(text)

    def _listed(self) -> Iterator[Block]:
        rows, head, self._rows, self._head = self._rows, self._head, [], ""
        if rows:
            yield Rows(tuple(rows), head)


def _kept(line: str) -> str:
    """A line of preformatted text, with its indentation."""
    text = line.expandtabs(4)
    return " " * (len(text) - len(text.lstrip())) + tidy(text)
