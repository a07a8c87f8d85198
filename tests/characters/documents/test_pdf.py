"""PDF: text in reading order, without what a page adds to it."""

import io
import time

import pytest
from pypdf import PdfReader, PdfWriter

from characters.documents import DocumentUnreadable, Limits, read_document
from tests.characters.documents.samples import CHINESE, ENGLISH, GERMAN, JAPANESE, Line, pdf, written


def read(content, **limits):
    return read_document("book.pdf", content, Limits(**limits))


def wrapped(text, width=60):
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > width:
            lines.append(line.strip())
            line = ""
        line += f" {word}"
    return [*lines, line.strip()]


@pytest.mark.parametrize("text", [ENGLISH, GERMAN], ids=["English", "German"])
def test_lines_of_a_page_are_one_paragraph(text):
    assert read(pdf([wrapped(text)])).pieces[0].text == text.strip()


@pytest.mark.parametrize("text", [CHINESE, JAPANESE], ids=["Chinese", "Japanese"])
def test_lines_without_spaces_between_words_are_joined_without_them(text):
    assert read(pdf([[text[at : at + 20] for at in range(0, len(text), 20)]])).pieces[0].text == text


def test_a_paragraph_goes_on_on_the_next_page_without_header_and_page_number():
    lines = wrapped(ENGLISH * 6)
    pages = [["The Sea Book", *lines[at : at + 8], f"{at // 8 + 41}"] for at in range(0, len(lines), 8)]
    text = " ".join(piece.text for piece in read(pdf(pages)).pieces)
    assert text == (ENGLISH * 6).strip()


def test_headers_of_left_and_right_pages_and_page_numbers_within_them_go():
    text = "".join(
        f"On day {day * day} the reef was seen from the mast, and {day} gulls were counted. "
        for day in range(30)
    )
    lines = wrapped(text)
    pages = []
    for at in range(0, len(lines), 5):
        number = at // 5
        header = f"{number} The Sea Book" if number % 2 else f"Of krakens {number}"
        pages.append([header, *lines[at : at + 5], f"– {number} –"])
    assert " ".join(piece.text for piece in read(pdf(pages)).pieces) == text.strip()


def test_years_and_numbers_in_the_text_stay():
    pages = [
        [f"In {1800 + 7 * number} the reef was seen.", ENGLISH[:60], "So it was."] for number in range(5)
    ]
    text = " ".join(piece.text for piece in read(pdf(pages)).pieces)
    assert all(f"In {1800 + 7 * number} the reef" in text for number in range(5))


def test_hyphenated_words_are_whole_and_words_with_a_hyphen_keep_it():
    lines = [
        "The well-known kraken is in the north-",
        "ern sea and well-",
        "known, on Bild-",
        "und Tonspuren, too.",
    ]
    assert read(pdf([lines])).pieces[0].text == (
        "The well-known kraken is in the northern sea and well-known, on Bild- und Tonspuren, too."
    )


def test_headings_are_what_is_set_larger():
    pages = [
        [Line("Chapter 1", 20), *wrapped(ENGLISH), Line("The kraken", 15), *wrapped(GERMAN)],
        [Line("Chapter 2", 20), *wrapped(ENGLISH)],
    ]
    assert [piece.heading for piece in read(pdf(pages)).pieces] == [
        "Chapter 1",
        "Chapter 1 › The kraken",
        "Chapter 2",
    ]


def test_the_outline_says_what_the_headings_are():
    pages = [["1 The Reef", *wrapped(ENGLISH), "2 海怪", *wrapped(GERMAN)], [*wrapped(ENGLISH)]]
    document = read(pdf(pages, outline=[("1 The Reef", 0), ("2 海怪", 0), ("Afterword", 1)], title="Sea"))
    assert document.title == "Sea"
    assert [piece.heading for piece in document.pieces] == ["1 The Reef", "2 海怪", "Afterword"]


def locked(password, algorithm):
    writer = PdfWriter(PdfReader(io.BytesIO(pdf([[ENGLISH]]))))
    writer.encrypt(password, owner_password="owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_behind_a_password_is_refused():
    with pytest.raises(DocumentUnreadable, match="protected by a password"):
        read(locked("secret", "AES-256"))


def test_a_pdf_that_only_forbids_printing_is_read():
    assert read(locked("", "AES-128")).pieces[0].text == ENGLISH.strip()


def test_pictures_of_pages_are_told_from_text():
    picture = (
        "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    )
    scan = written(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 5 0 R "
            "/Resources << /XObject << /Im 4 0 R >> >> >>",
            f"{picture} /Length 1 >>\nstream\n0\nendstream",
            "<< /Length 6 >>\nstream\n/Im Do\nendstream",
        ]
    )
    with pytest.raises(DocumentUnreadable, match="pictures of pages"):
        read(scan)


def test_more_pages_than_allowed_are_refused():
    with pytest.raises(DocumentUnreadable, match="more than 2 pages"):
        read(pdf([[ENGLISH]] * 3), pages=2)


@pytest.mark.alone
def test_a_book_of_three_hundred_pages_is_read_in_seconds(capsys):
    lines = wrapped(ENGLISH * 6, 70)
    pages = [[f"Chapter {number // 20}", *lines, str(number)] for number in range(300)]
    book = pdf(pages, title="A long book")
    begin = time.perf_counter()
    document = read(book)
    took = time.perf_counter() - begin
    with capsys.disabled():
        words = sum(len(piece.text.split()) for piece in document.pieces)
        print(f"\n300 pages, {words} words, {len(document.pieces)} pieces in {took:.1f} s")
    assert took < 60
