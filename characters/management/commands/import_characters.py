"""Takes in characters of other people's files: files, and folders with everything below them."""

import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify

from characters import addresses, cards, catalog
from characters.cards import card_limits
from characters.exceptions import CardRefused, CharacterError, NotPublishable
from characters.models import Character
from characters.versions import publishing

SUFFIXES = (".json", ".png", ".apng", ".charx", ".jpg", ".jpeg", ".yaml", ".yml", ".byaf")
# What a browser or a desktop adds to the name of a file that is there twice.
COPY = re.compile(r"[\s_-]*\(\d{1,4}\)$|[\s_-]+copy$", re.IGNORECASE)


class Taken(NamedTuple):
    """What became of one file."""

    said: str
    imported: bool
    published: bool = True  # or was not to be


class Command(BaseCommand):
    help = (
        "Imports characters (Character Cards V1 to V3 as JSON, PNG, CHARX; text-generation-webui, "
        "Agnai, Open-LLM-VTuber, Backyard, ElizaOS) as drafts. A character whose name is there already is "
        "left alone unless you say --update or --new."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, help="files, or folders of them")
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--update",
            action="store_true",
            help="a card becomes the draft of the character whose address is the file's name "
            "(captain-marlow.png), or else of the one that has its name; of nobody's it becomes a new one",
        )
        which.add_argument("--new", action="store_true", help="each card becomes a new character")
        parser.add_argument(
            "--address", default="", help="whom --update updates, or else the new one's address; for one file"
        )
        parser.add_argument("--publish", action="store_true", help="put each one on stage as well")

    def handle(self, *args: Any, **options: Any) -> None:
        files = list(self._files(options["paths"]))
        address = options["address"]
        if not files:
            raise CommandError(
                f"There is no card there: a card is a file that ends in {', '.join(SUFFIXES)}."
            )
        if address and (len(files) > 1 or not catalog.SLUG.fullmatch(address)):
            raise CommandError(
                "--address is for one file, and has letters, digits, - and _ only, 50 at most."
            )
        imported = refused = left = unpublished = 0
        for number, file in enumerate(files, 1):
            progress = f"[{number}/{len(files)}] {file.name}"
            try:
                wish = {name: options[name] for name in ("update", "new", "publish")}
                taken = self._take(file, address, **wish)
            except (CharacterError, OSError) as error:
                refused += 1
                self.stderr.write(f"{progress}: refused. {error}")
                continue
            imported += taken.imported
            left += not taken.imported
            unpublished += not taken.published
            self.stdout.write(f"{progress}: {taken.said}")
        more = f", {left} left alone" if left else ""
        more += f", {unpublished} not published" if unpublished else ""
        self.stdout.write(f"{imported} imported, {refused} refused{more}.")
        if refused or left or unpublished:
            sys.exit(1)

    @staticmethod
    def _files(paths: list[Path]) -> list[Path]:
        found: list[Path] = []
        for path in paths:
            if path.is_dir():
                below = sorted(file for file in path.rglob("*") if file.is_file())
                found += [file for file in below if file.suffix.lower() in SUFFIXES]
            else:
                found.append(path)
        return found

    def _take(self, file: Path, address: str, *, update: bool, new: bool, publish: bool) -> Taken:
        """Imports one file; what to say of it. Raises CharacterError, OSError."""
        with file.open("rb") as opened:
            card = cards.read(opened.read(card_limits.FILE_BYTES + 1))
        same = [] if new else cards.namesakes(card)
        there = _updated(card, file, address, same) if update else None
        if update and not there and catalog.SLUG.fullmatch(file.stem) and not addresses.holder(file.stem):
            address = address or file.stem
        if same and not update:
            names = ", ".join(character.slug for character in same)
            return Taken(f"{card.name} is there already ({names}): say --update or --new.", False)
        character = cards.update(card, there) if there else cards.store(card, address)
        said = f"{character.name} ({'updated' if there else 'new'}: {character.slug})"
        published = True
        if publish:
            try:
                said += f", on stage as {publishing.publish(character, note='Imported')}"
            except NotPublishable as error:
                said += f", a draft and not on stage. {error}"
                published = False
        lines = "".join(f"\n    {line}" for line in card.report.lines())
        return Taken(f"{said.rstrip('.')}.{lines}", True, published)


def _updated(card: cards.Card, file: Path, address: str, same: list[Character]) -> Character | None:
    """Whose draft the card becomes: who is at the address, of the command or the file, else of that name.

    An address that was given is nobody else's: who only has the name is left alone then. Raises CardRefused.
    """
    holder = addresses.holder(address or slugify(COPY.sub("", file.stem)))
    if holder and not holder.binned_at:
        return holder
    return None if address else _only(card, same)


def _only(card: cards.Card, same: list[Character]) -> Character | None:
    """The one character of the card's name. Raises CardRefused where there are several."""
    if len(same) > 1:
        names = ", ".join(character.slug for character in same)
        raise CardRefused(
            f"Several characters are called {card.name} ({names}): name the file after the address of one."
        )
    return same[0] if same else None
