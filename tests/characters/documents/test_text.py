"""Text, Markdown and HTML, in whatever charset they come."""

import pytest

from characters.documents import DocumentUnreadable, read_document
from tests.characters.documents.samples import CHINESE, ENGLISH, GERMAN, JAPANESE

TRADITIONAL = "海怪住在北邊的礁石下面，那裡的水七月也很冷。船上點著三盞以上的燈，牠就會浮上來。"
KOREAN = "바다 괴물은 북쪽 암초 아래에 살고, 그곳의 물은 칠월에도 차갑다."


def text_of(name, content):
    return "\n".join(f"[{piece.heading}] {piece.text}" for piece in read_document(name, content).pieces)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "latin-1"),
        (CHINESE, "utf-8"),
        (CHINESE, "utf-16"),
        (CHINESE, "gb18030"),
        (CHINESE, "gb2312"),
        (JAPANESE, "utf-8"),
        (JAPANESE, "utf-16"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"),
        ("Ærø, smørrebrød og blåbær på en ø. Ål er godt.", "latin-1"),
        ("Où êtes-vous allés cet été? À l'île, bien sûr.", "latin-1"),
        ("Curly “quotes” – and a dash…", "cp1252"),
    ],
)
def test_the_charset_is_found(text, charset):
    assert read_document("a.txt", text.encode(charset)).pieces[0].text == text.strip()


def test_one_wrong_byte_does_not_change_the_charset():
    content = CHINESE.encode()
    assert "海怪" in read_document("a.txt", content[:30] + b"\xff" + content[30:]).pieces[0].text


def test_lines_that_were_broken_to_fit_a_page_are_paragraphs_again():
    text = "The kraken lives below the north-\nern reef, where the water is\ncold.\n\nIt comes up at night."
    assert (
        text_of("a.txt", text.encode())
        == "[a] The kraken lives below the northern reef, where the water is cold.\nIt comes up at night."
    )


def test_a_novel_with_a_line_for_each_paragraph_keeps_them():
    text = "\n".join(["　　" + CHINESE] * 3)
    assert read_document("a.txt", text.encode()).pieces[0].text.split("\n")[0] == CHINESE


@pytest.mark.parametrize(
    "chapter", ["Chapter 2", "CHAPTER IV. THE REEF", "第三章 海怪", "Kapitel 5", "Epilogue"]
)
def test_chapters_of_plain_text_are_headings(chapter):
    text = f"Before.\n\n{chapter}\n\nIt is old.\n"
    assert text_of("a.txt", text.encode()) == f"[a] Before.\n[{chapter}] It is old."


MARKDOWN = """---
title: "House rules"
---
# On board

Whistle *never*, see [the **list**](javascript:alert(1)).
![a map](https://example.invalid/map.png)

Fees
----

| who | pays |
| --- | ---: |
| crew | nothing |
| guests | two crowns |

1. Come
2. Sit
   - still

```
lines  as
  they are
```
<script>alert(1)</script><p hidden>unseen</p>
"""


def test_markdown_has_headings_tables_lists_and_code():
    document = read_document("rules.md", MARKDOWN.encode())
    assert (document.title, document.kind) == ("House rules", "markdown")
    assert [tuple(piece) for piece in document.pieces] == [
        ("On board", "Whistle never, see the list."),
        (
            "On board › Fees",
            "who | pays\ncrew | nothing\nguests | two crowns\n"
            "1. Come\n2. Sit\n  - still\nlines as\n  they are",
        ),
    ]


HTML = """<!DOCTYPE html><html><head><title>The &amp; Sea</title><style>p{}</style>
<meta http-equiv="refresh" content="0;url=http://example.invalid/"></head><body onload="alert(1)">
<nav>Home | About</nav>
<h1>Reef</h1><p>It is <b>co</b>ld&nbsp;there.<br>Always.</p>
<script>document.write("written")</script><noscript>Turn on scripts</noscript>
<iframe src="http://example.invalid/">within</iframe>
<template>stamped</template><!-- said aside -->
<div style="display: none">hidden one</div><p hidden>hidden two</p>
<span aria-hidden="true">hidden three</span>
<h2>Depths<a href="#x"></a></h2>
<table><caption>By month</caption><thead><tr><th>month<th>depth</thead>
<tr><td>May
<td><p>3</p><p>4</p></table>
<ul><li>one<ul><li>deep</ul><li><p>two</p></ul><dl><dt>reef<dd>a row of rocks</dl>
<p><ruby>漢字<rt>かんじ</rt></ruby>です。</p></body></html>"""


def test_html_is_read_as_a_browser_shows_it_without_what_is_hidden_or_runs():
    document = read_document("x.html", HTML.encode())
    assert (document.title, document.kind) == ("The & Sea", "html")
    assert [tuple(piece) for piece in document.pieces] == [
        ("Reef", "It is cold there. Always."),
        (
            "Reef › Depths",
            "By month\nmonth | depth\nMay | 3 4\n- one\n  - deep\n- two\nreef\n  a row of rocks\n漢字です。",
        ),
    ]


def test_of_a_page_with_a_main_part_only_that_is_read():
    page = f"<body><header>Shop now</header><main><p>{ENGLISH}</p></main><footer>© us</footer>"
    assert read_document("x.html", page.encode()).pieces[0].text == ENGLISH.strip()


def test_a_page_s_own_charset_counts():
    page = f'<html><head><meta charset="shift_jis"></head><body><p>{JAPANESE}'
    assert read_document("x.html", page.encode("shift_jis")).pieces[0].text == JAPANESE


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("notes", b"# Reef\n\n- one\n", "markdown"),
        ("notes.txt", b"<!doctype html><p>Reef</p>", "html"),
        ("notes.pdf", b"Only a text.", "text"),
        ("notes.md", b"Only a text.", "markdown"),
    ],
)
def test_the_kind_is_what_the_file_is_whatever_its_name(name, content, kind):
    assert read_document(name, content).kind == kind


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "It is empty."),
        (b" \r\n\t", "It is empty."),
        (b"\0" * 1000, "It is empty."),
        ("\u200b\u200b".encode(), "There is no text in it."),
        (b"<html><body><script>1</script></body></html>", "There is no text in it."),
        (b"{\\rtf1 hello}", "It is an RTF file. Save it as DOCX or text."),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "It is a picture."),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99),
            "It is an old Word or Office file. Save it as DOCX.",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "It is protected by a password. Save it without one.",
        ),
        (b"\x1f\x8b\x08" + bytes(99), "It is a compressed file."),
        (bytes(range(256)) * 40, "It is none of the kinds that can be read"),
    ],
)
def test_what_is_no_document_is_refused_with_what_to_do(content, sentence):
    with pytest.raises(DocumentUnreadable) as refused:
        read_document("a.txt", content)
    assert str(refused.value).startswith(sentence)
