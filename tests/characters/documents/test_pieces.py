"""Pieces: long enough to mean something, short enough for a prompt, and each with its heading."""

import pytest
from django.utils.translation import override

from characters.documents import LIMITS, DocumentUnreadable, Limits, read_document
from characters.documents.blocks import Heading, Paragraph, Rows
from characters.documents.pieces import cut, words_of
from tests.characters.documents.samples import CHINESE, ENGLISH, GERMAN, JAPANESE


def pieces(*blocks, title="Book", limits=LIMITS):
    return cut(blocks, title, limits)


def test_long_text_is_cut_into_pieces_of_eighty_to_a_hundred_and_sixty_words_at_ends_of_sentences():
    found = pieces(Paragraph(ENGLISH * 20))
    assert len(found) > 5
    for piece in found:
        assert 80 <= len(piece.text.split()) <= 160
        assert piece.text.endswith(".")
        assert piece.text.startswith(("The", "It", "Captain", "He"))
    assert " ".join(piece.text for piece in found) == (ENGLISH * 20).strip()


@pytest.mark.parametrize("text", [CHINESE, JAPANESE], ids=["Chinese", "Japanese"])
def test_chinese_and_japanese_are_cut_at_their_own_full_stops(text):
    found = pieces(Paragraph(text * 12))
    assert len(found) > 2
    for piece in found:
        assert 200 <= len(piece.text) <= 356
        assert piece.text.endswith("。")
    assert "".join(piece.text for piece in found) == text * 12


def test_an_abbreviation_ends_no_sentence():
    assert all("z. B. mehr" in piece.text for piece in pieces(Paragraph(GERMAN * 6)) if "z. B." in piece.text)


def test_no_piece_reaches_over_a_heading_and_each_has_the_path_of_its_own():
    found = pieces(
        Heading(1, "Chapter 2"),
        Paragraph("The reef."),
        Heading(2, "The kraken"),
        Paragraph("It is old."),
        Heading(1, "Chapter 3"),
        Paragraph("Home."),
    )
    assert [tuple(piece) for piece in found] == [
        ("Chapter 2", "The reef."),
        ("Chapter 2 › The kraken", "It is old."),
        ("Chapter 3", "Home."),
    ]


def test_text_before_any_heading_stands_under_the_title_and_the_title_is_not_repeated_in_paths():
    found = pieces(
        Paragraph("Begin."), Heading(1, "BOOK"), Paragraph("One."), Heading(2, "Deep"), Paragraph("Two.")
    )
    assert [piece.heading for piece in found] == ["Book", "Book", "Deep"]


def test_a_heading_with_nothing_below_it_is_not_lost():
    found = pieces(Heading(1, "Rules"), Heading(2, "No lanterns"), Heading(2, "No whistling"))
    assert " ".join(f"{piece.heading} {piece.text}" for piece in found).count("No ") == 2


def test_a_table_that_is_cut_has_its_head_again():
    rows = tuple(f"harbour number {number} | {number} fathoms deep at low tide" for number in range(60))
    found = pieces(Rows(("name | depth", *rows), "name | depth"))
    assert len(found) > 2
    for piece in found:
        assert piece.text.startswith("name | depth\nharbour")
        assert piece.text.count("name | depth") == 1
    assert sum(piece.text.count("\nharbour number") for piece in found) == 60


def test_paragraphs_stay_apart():
    assert pieces(Paragraph("One."), Paragraph("Two."))[0].text == "One.\nTwo."


@pytest.mark.parametrize(
    "text",
    ["x" * 20_000, "word " * 5000, "海" * 8000, "one, two; " * 3000, "a" * 500 + " b" * 900],
    ids=["letters", "words", "wide", "clauses", "mixed"],
)
def test_one_endless_sentence_is_cut_all_the_same_and_nothing_is_lost(text):
    found = pieces(Paragraph(text))
    assert all(words_of(piece.text) <= 165 for piece in found)
    assert "".join("".join(piece.text.split()) for piece in found) == "".join(text.split())


def test_more_pieces_than_allowed_are_refused_rather_than_left_out():
    with pytest.raises(DocumentUnreadable, match="too long"):
        pieces(Paragraph(ENGLISH * 20), limits=Limits(pieces=3))


def test_the_sentence_of_a_refusal_is_in_the_reader_s_language():
    with pytest.raises(DocumentUnreadable) as refused:
        read_document("x.txt", b"  \n")
    assert str(refused.value) == "It is empty."
    with override("zh-hans"):
        assert str(refused.value) != "It is empty."
