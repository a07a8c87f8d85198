"""Public texts: what an editor wrote for visitors to read, with macros filled in and without notes."""

import re

from characters import prompts
from characters.spec import CharacterSpec

EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)")  # marks of markdown around words


def first_words(spec: CharacterSpec) -> str:
    """The greeting as a page shows it."""
    return EMPHASIS.sub("", prompts.greeting(spec, {}))


def tagline(spec: CharacterSpec) -> str:
    return prompts.shown(spec, spec.tagline, {})


def about(spec: CharacterSpec) -> str:
    return prompts.shown(spec, spec.about, {})
