"""The page's words in the visitor's language, out of Django's own catalogue of JavaScript messages."""

import re

import pytest

from tests.servers import ROOT
from voicebot.http.i18n_catalog import catalogue


@pytest.mark.parametrize("language", ["en", "en-gb"])
def test_english_needs_none(language):
    assert catalogue(language) == {}


def test_every_word_of_the_page_is_there_in_chinese_and_nothing_of_the_admins():
    source = (ROOT / "greenroom" / "locale" / "zh_Hans" / "LC_MESSAGES" / "djangojs.po").read_text()
    entries = re.findall(r'^msgid "((?:[^"\\]|\\.)+)"$', source, re.MULTILINE)
    known = catalogue("zh-hans")
    assert len(entries) > 20
    assert {entry.replace('\\"', '"') for entry in entries} <= known.keys()
    assert "Filter" not in known
    assert all(known.values())


def test_a_language_without_words_falls_back_to_those_in_the_source():
    assert catalogue("de") == {}
