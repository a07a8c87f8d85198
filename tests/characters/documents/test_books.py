"""DOCX and EPUB: what word processors and publishers write."""

import pytest

from characters.documents import DocumentUnreadable, read_document
from tests.characters.documents.samples import (
    CHINESE,
    ENGLISH,
    GERMAN,
    JAPANESE,
    W,
    archive,
    docx,
    epub,
    page,
    paragraph,
)

PROPERTIES = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>From the properties</dc:title></cp:coreProperties>'
)


def item(text, level):
    return paragraph(text, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>')


def row(*cells, head=False):
    marked = "<w:trPr><w:tblHeader/></w:trPr>" if head else ""
    return f"<w:tr>{marked}{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in cells)}</w:tr>"


def test_a_docx_has_headings_by_their_styles_lists_and_tables():
    document = read_document(
        "x.docx",
        docx(
            paragraph("The Sea Book", "Titel")
            + paragraph("Kapitel 2", "berschrift1")
            + paragraph(GERMAN)
            + paragraph("The kraken", "Own")
            + item("one", 0)
            + item("two", 1)
            + f"<w:tbl>{row('who', 'pays', head=True)}{row('crew', 'nothing')}</w:tbl>"
            + paragraph("海怪", properties='<w:outlineLvl w:val="0"/>')
            + paragraph(CHINESE)
            + paragraph(JAPANESE)
        ),
    )
    assert (document.title, document.kind) == ("The Sea Book", "docx")
    assert [tuple(piece) for piece in document.pieces] == [
        ("Kapitel 2", GERMAN.strip()),
        ("Kapitel 2 › The kraken", "- one\n  - two\nwho | pays\ncrew | nothing"),
        ("海怪", f"{CHINESE}\n{JAPANESE}"),
    ]


def test_what_was_deleted_or_hidden_in_a_docx_is_not_read_and_what_was_inserted_is():
    body = (
        "<w:p><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del><w:ins><w:r><w:t>Inserted</w:t></w:r></w:ins>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t> hidden</w:t></w:r>"
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t> and</w:t></w:r><w:r><w:tab/><w:t>shown.</w:t></w:r>'
        "<w:r><w:instrText>INCLUDETEXT http://example.invalid/</w:instrText></w:r></w:p>"
    )
    assert read_document("x.docx", docx(body)).pieces[0].text == "Inserted and shown."


def test_a_docx_has_the_title_of_its_properties_and_else_its_name():
    assert read_document("x.docx", docx(paragraph("A"), {"docProps/core.xml": PROPERTIES})).title == (
        "From the properties"
    )
    assert read_document("C:\\papers\\The reef.docx", docx(paragraph("A"))).title == "The reef"


def test_a_docx_whose_properties_are_damaged_is_read():
    assert read_document("x.docx", docx(paragraph("A"), {"docProps/core.xml": "<cp:core"})).title == "x"


def test_an_epub_is_read_in_the_order_of_its_spine_with_its_own_titles():
    book = epub(
        {
            "b.xhtml": page(f"<p>{ENGLISH}</p>"),
            "text/a.xhtml": page(
                f"<h1>Zwei<br/></h1><a id='x'/><p>{GERMAN}</p><h2>海怪</h2><p>{CHINESE}</p>"
            ),
        },
        {"b.xhtml": "Chapter 1", "text/a.xhtml#x": "Not this one"},
    )
    document = read_document("x.epub", book)
    assert (document.title, document.kind) == ("The Sea Book", "epub")
    assert [tuple(piece) for piece in document.pieces] == [
        ("Chapter 1", ENGLISH.strip()),
        ("Zwei", GERMAN.strip()),
        ("Zwei › 海怪", CHINESE),
    ]


def test_an_epub_with_copy_protection_is_refused_and_one_with_encrypted_fonts_is_read():
    def locked(path):
        return {
            "META-INF/encryption.xml": '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
            f'<e:CipherData><e:CipherReference URI="{path}"/></e:CipherData></e:EncryptedData></encryption>'
        }

    pages = {"a.xhtml": page("<p>Text.</p>")}
    assert read_document("x.epub", epub(pages, files=locked("OEBPS/font.otf"))).pieces
    with pytest.raises(DocumentUnreadable, match="copy protection"):
        read_document("x.epub", epub(pages, files=locked("OEBPS/a.xhtml")))


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        ("xl/workbook.xml", "spreadsheet"),
        ("ppt/presentation.xml", "presentation"),
        ("content.xml", "OpenDocument"),
        ("readme.txt", "compressed file"),
    ],
)
def test_other_archives_are_told_apart(member, sentence):
    with pytest.raises(DocumentUnreadable, match=sentence):
        read_document("x.docx", archive({member: "x"}))


def test_a_docx_of_the_strict_standard_is_read():
    body = paragraph("Kalt.").replace("w:", "s:")
    document = f'<s:document xmlns:s="http://purl.oclc.org/ooxml/wordprocessingml/main"><s:body>{body}</s:body></s:document>'
    assert W not in document
    packed = archive({"[Content_Types].xml": "<x/>", "word/document.xml": document})
    assert read_document("x.docx", packed).pieces[0].text == "Kalt."
