"""Documents as programs write them, made here: PDF by hand, DOCX and EPUB as archives."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CONTENT_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
STYLES = f"""<w:styles xmlns:w="{W}">
<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>
<w:style w:styleId="Own"><w:name w:val="House heading"/><w:basedOn w:val="berschrift2"/></w:style>
<w:style w:styleId="Normal"><w:name w:val="Normal"/></w:style>
</w:styles>"""
CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>"""


def archive(files: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as packed:
        for path, content in files.items():
            packed.writestr(path, content)
    return out.getvalue()


def paragraph(text: str, style: str = "Normal", properties: str = "") -> str:
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    )


def docx(body: str, files: Mapping[str, str | bytes] | None = None, before: str = "") -> bytes:
    """A DOCX of the XML within `w:body`; `before` stands before the root element."""
    document = f'{before}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return archive(
        {
            "[Content_Types].xml": CONTENT_TYPES,
            "word/document.xml": document,
            "word/styles.xml": STYLES,
            **(files or {}),
        }
    )


def epub(
    pages: Mapping[str, str], titles: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> bytes:
    """An EPUB of XHTML pages by name, with a table of contents."""
    items = "".join(
        f'<item id="p{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="p{number}"/>' for number, _ in enumerate(pages))
    links = "".join(f'<li><a href="{page}">{title}</a></li>' for page, title in (titles or {}).items())
    package = f"""<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Sea Book</dc:title></metadata>
<manifest>{items}
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>
<spine><itemref idref="nav"/>{spine}</spine></package>"""
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": package,
            "OEBPS/nav.xhtml": f"<html><body><nav><ol>{links}</ol></nav></body></html>",
            **{f"OEBPS/{name}": content for name, content in pages.items()},
            **(files or {}),
        }
    )


def page(body: str, head: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/>{head}</head><body>{body}</body></html>'
    )


class Line(NamedTuple):
    text: str
    size: int = 11


def pdf(
    pages: Sequence[Sequence[Line | str]],
    outline: Sequence[tuple[str, int]] = (),
    title: str = "",
    catalog: str = "",
    page_entries: str = "",
) -> bytes:
    """A PDF with these lines on its pages, in any script; `outline` names the page of each entry."""
    letters = sorted({letter for page in pages for line in page for letter in _line(line).text})
    codes = {letter: number for number, letter in enumerate(letters, 1)}
    mapped = "".join(
        f"1 beginbfchar <{code:04x}> <{letter.encode('utf-16-be').hex()}> endbfchar\n"
        for letter, code in codes.items()
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{mapped}endcmap end end"
    )
    objects: list[str] = ["", "", f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream"]
    objects.append(
        "<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /ToUnicode 3 0 R "
        "/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /DW 500 "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>"
    )
    kids = []
    for lines in pages:
        shown, height = "", 800
        for line in map(_line, lines):
            height -= 2 * line.size
            coded = "".join(f"{codes[letter]:04x}" for letter in line.text)
            shown += f"BT /F1 {line.size} Tf 1 0 0 1 50 {height} Tm <{coded}> Tj ET\n"
        objects.append(f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R "
            f"/Resources << /Font << /F1 4 0 R >> >> {page_entries} >>"
        )
        kids.append(len(objects))
    marks = [len(objects) + 2 + number for number, _ in enumerate(outline)]
    if outline:
        objects.append(
            f"<< /Type /Outlines /First {marks[0]} 0 R /Last {marks[-1]} 0 R /Count {len(marks)} >>"
        )
        root = len(objects)
        catalog += f" /Outlines {root} 0 R"
        for number, (name, at) in enumerate(outline):
            near = f"/Next {marks[number + 1]} 0 R" if number + 1 < len(marks) else ""
            hexed = ("\ufeff" + name).encode("utf-16-be").hex()
            objects.append(f"<< /Title <{hexed}> /Parent {root} 0 R {near} /Dest [{kids[at]} 0 R /Fit] >>")
    objects[0] = f"<< /Type /Catalog /Pages 2 0 R {catalog} >>"
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>"
    trailer = ""
    if title:
        objects.append(_info(title))
        trailer = f"/Info {len(objects)} 0 R"
    return written(objects, trailer)


def _info(title: str) -> str:
    return f"<< /Title <{(chr(0xFEFF) + title).encode('utf-16-be').hex()}> >>"


def _line(line: Line | str) -> Line:
    return line if isinstance(line, Line) else Line(line)


def written(objects: Sequence[str], trailer: str = "") -> bytes:
    """Objects, of which the first is the catalogue, as a PDF file."""
    out = b"%PDF-1.7\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(out)}\n%%EOF\n"
    )
    return out + end.encode()


ENGLISH = (
    "The kraken lives below the northern reef, where the water is cold even in July. It comes up when a ship "
    "has more than three lanterns burning. Captain Marlow saw it twice. The first time it took the anchor, "
    "and the second time nothing but his hat. He has never sailed with four lanterns since. "
)
GERMAN = (
    "Der Krake haust unter dem nördlichen Riff, wo das Wasser auch im Juli kalt ist. Er kommt herauf, wenn "
    "auf einem Schiff z. B. mehr als drei Laternen brennen. Kapitän Marlow hat ihn zweimal gesehen. "
)
CHINESE = (
    "海怪住在北边的礁石下面，那里的水七月也很冷。船上点着三盏以上的灯，它就会浮上来。"
    "马洛船长见过它两次。第一次它带走了船锚，第二次只带走了他的帽子。从那以后，他的船上再也没有点过四盏灯。"
)
JAPANESE = (
    "海の怪物は北の岩礁の下に住んでいて、そこの水は七月でも冷たい。船に三つより多くの灯りがともると、上がってくる。"
    "マーロウ船長は二度それを見た。一度目は錨を、二度目は帽子だけを持っていった。"
)
