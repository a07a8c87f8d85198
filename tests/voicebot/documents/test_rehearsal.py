"""The rehearsal and the draft's chat have what documents say, with source and nearness."""

import pytest

from tests.characters.factory import make_character
from tests.characters.test_admin import WRITTEN
from tests.characters.test_desk import DESK, PLAYERS
from tests.voicebot.documents.shelves import give, needs_engine

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_rehearsal_shows_which_passages_come_up_with_source_and_nearness(admin_client):
    needs_engine()
    marlow = make_character()
    typed = {**WRITTEN, **PLAYERS, "_character": marlow.pk, "_talk": "Visitor: What does the kraken eat?"}
    before = admin_client.post(f"{DESK}rehearse/prompt/", typed).json()
    assert before["documents"] == {"known": 0, "passages": []}
    give(marlow)
    shown = admin_client.post(f"{DESK}rehearse/prompt/", typed).json()
    (first, *_) = shown["documents"]["passages"]
    assert shown["documents"]["known"] == 1
    assert "eats nothing but lanterns" in first["text"]
    assert first["source"] == '"The log of the Marigold", "The kraken"'
    assert 40 < first["score"] <= 100
    assert first["text"].split(".")[0] in shown["messages"][-2]["content"], "as the model gets it"
    other = admin_client.post(f"{DESK}rehearse/prompt/", {**typed, "_talk": "How are you today?"}).json()
    assert other["documents"] == {"known": 1, "passages": []}
