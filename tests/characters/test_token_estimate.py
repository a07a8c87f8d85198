"""The token estimate, beside the vocabulary of the local model."""

from pathlib import Path

import pytest

from characters import demo
from characters.text import token_estimate
from voicebot.providers.local import smollm

REPERTOIRE = Path(demo.__file__).parent / "repertoire"
NAMES = sorted(path.stem for path in REPERTOIRE.glob("*.txt"))
LANGUAGES = {
    "de": "Ich habe heute früh am Hafen gesessen und den Möwen zugesehen. Später möchte ich über die Brücke.",
    "fr": "Ce matin, j'étais assis près du port à regarder les mouettes. Après, je traverse le pont.",
    "es": "Esta mañana me senté junto al puerto a mirar las gaviotas. Después cruzaré el puente.",
    "ru": "Сегодня утром я сидел у гавани и смотрел на чаек. Потом я хочу перейти старый мост и выпить чаю.",
    "ja": "今朝は港に座ってカモメを見ていました。あとで古い橋を渡って、お茶を飲みたいと思います。",
    "ko": "오늘 아침에 항구에 앉아서 갈매기를 보았어요. 나중에 오래된 다리를 건너서 차를 마시고 싶어요.",
    "mixed": "My aunt 梅姨 keeps a teahouse. 她说 Python 很有意思，I told her that I like 绿茶 better.",
    "numbers": "At 10:45 on 2026-11-27 it was 3.5 degrees, and 1,204 people had come.",
}


def counted(text: str) -> int:
    return len(smollm._post("/tokenize", {"content": text})["tokens"])


@pytest.mark.parametrize("name", NAMES)
def test_what_the_demo_characters_say_is_estimated_within_15_percent(name):
    lines = [line for line in (REPERTOIRE / f"{name}.txt").read_text().splitlines() if line.strip()]
    for first in range(0, len(lines), 20):
        text = "\n".join(lines[first : first + 20])
        assert token_estimate.estimate(text) == pytest.approx(counted(text), rel=0.15), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_languages_are_estimated_within_15_percent(language):
    text = LANGUAGES[language]
    assert token_estimate.estimate(text) == pytest.approx(counted(text), rel=0.15)
