"""The demo characters as they come, without a database: what they are, and all that is written for them."""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks import django_ready  # noqa: F401
from characters import content, demo
from characters.models import Character
from characters.spec import CharacterSpec

HERE = Path(demo.__file__).parent
QUESTIONS = Path(__file__).parent / "questions"


def specs() -> Iterator[CharacterSpec]:
    """One for each that has a repertoire."""
    for entry in json.loads((HERE / "characters.json").read_text()):
        written = HERE / "repertoire" / f"{entry['slug']}.txt"
        lore = [{**content.NEW_LORE, **one} for one in entry.pop("lore", [])]
        if written.exists():
            yield content.draft_spec(Character(**{**entry, "examples": written.read_text()}), lore)


def questions(spec: CharacterSpec, *, unseen: bool | str) -> list[tuple[str, list[str]]]:
    """Questions to a character, and the wordings of which one is to be found; none where nothing is written.

    Those that are `unseen` have served neither to write the repertoires nor to set a threshold; "held-out"
    are a second set of such, in English.
    """
    english = spec.language == "en"
    if unseen == "held-out":
        names = ["held-out"] if english else []
    elif unseen:
        names = ["unseen" if english else f"unseen-{spec.language}"]
    else:
        names = (["common"] if english else []) + [spec.slug]
    files = [QUESTIONS / f"{name}.txt" for name in names]
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    found = []
    for line in lines:
        if line.strip() and not line.startswith("#"):
            asked, _, wanted = line.rpartition(" = ")
            found.append((asked, [] if wanted == "-" else [one.strip() for one in wanted.split("|")]))
    return found
