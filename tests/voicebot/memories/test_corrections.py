"""A name that was misheard is put right, and what only looks like it is not taken for it."""

import pytest

from voicebot.history import gathered
from voicebot.memories import corrected_name

CORRECTED = [
    ("No, it's Robyn.", "Robin", "Robyn"),
    ("no it's margarethe", "Margaret", "Margarethe"),
    ("Actually, it's Katherine with a K.", "Catherine", "Katherine"),
    ("Not Robin, Robyn.", "Robin", "Robyn"),
    ("It's Annette, not Ahmed.", "Ahmed", "Annette"),
    ("I said Tess, not Bess!", "Bess", "Tess"),
    ("No, my name is Zoe, not Robin.", "Robin", "Zoe"),
    ("不是林晓，是林筱", "林晓", "林筱"),
    ("不对，我叫林筱。", "林晓", "林筱"),
    ("No, it's Tuesday.", "Robin", None),
    ("No, it's fine.", "Fin", None),
    ("No, thank you.", "Robin", None),
    ("It's green, not blue.", "Robin", None),
    ("No, it's Robyn.", "", None),
    ("不是茶，是咖啡", "林晓", None),
    ("No.", "Noah", None),
]


@pytest.mark.parametrize(("words", "name", "now"), CORRECTED)
def test_corrections(words, name, now):
    assert corrected_name(words, name) == now


def test_the_facts_of_a_visitor_are_put_right():
    assert gathered({}, ["My name is Robin.", "No, it's Robyn."])["name"] == "Robyn"
    assert gathered({}, ["我叫林晓", "不是林晓，是林筱"])["name"] == "林筱"


def test_a_question_is_no_fact():
    assert gathered({}, ["你记得我住在哪里吗？", "我说我喜欢什么？", "我叫什么？"]) == {}
