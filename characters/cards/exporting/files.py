"""Files of a card on their way out: their places in a CHARX or PNG, and the portrait."""

import io
import re
from collections.abc import Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import ngettext
from PIL import Image, ImageDraw

from characters.cards import charx, png
from characters.cards.reading import DATA_ICON, DATA_URL, EMBEDDED
from characters.models import Character
from characters.portraits import opened

Json = dict[str, Any]
SHORT = 60  # bytes of a keyword of PNG that are left for the name of a file
PLAIN_SIZE, PLAIN_COLOUR = 512, "#17201b"
MAIN = "assets/icon/images/main.png"


class Files:
    """The files that came with a character's card, and the picture that it has now."""

    def __init__(self, character: Character):
        self._character = character
        self._rows = {asset.path: asset for asset in character.assets.all()}
        self._portrait = character.avatar.name or ""

    @property
    def _unchanged(self) -> bool:
        """Whether the portrait is still the one that the card has brought, if it has brought one."""
        made = {asset.portrait for asset in self._rows.values()} - {""}
        return self._portrait in made if made else not self._portrait

    def picture(self) -> bytes:
        """The card's picture as PNG: the one it came in while it is still the portrait, else the portrait."""
        for asset in self._rows.values():
            data = bytes(asset.data)
            if asset.portrait and asset.portrait == self._portrait and data.startswith(png.SIGNATURE):
                return data
        out = io.BytesIO()
        if self._portrait:
            with default_storage.open(self._portrait) as file, opened(file) as portrait:
                portrait.convert("RGB").save(out, "PNG")
        else:
            blank = Image.new("RGB", (PLAIN_SIZE, PLAIN_SIZE), PLAIN_COLOUR)
            ImageDraw.Draw(blank).ellipse((96, 96, 416, 416), outline="#d9a441", width=8)
            blank.save(out, "PNG")
        return out.getvalue()

    def _loose(self) -> dict[str, bytes]:
        """All files by their paths, but for the pictures that stand for the card itself."""
        return {path: bytes(row.data) for path, row in self._rows.items() if path not in ("", DATA_ICON)}

    @staticmethod
    def _path(uri: str) -> str:
        """Where a file of the card is kept, by its address; '' for one that is not in it."""
        if EMBEDDED.match(uri):
            return EMBEDDED.sub("", uri, count=1)
        return uri if uri.startswith(png.STORED) else ""

    def _listed(self, card: Json) -> list[Any]:
        """The card's assets, without those that were the portrait and are not any more."""
        found = card["data"].get("assets")
        listed = list(found) if isinstance(found, list) else []
        if self._unchanged:
            return listed
        gone = {path for path, row in self._rows.items() if row.portrait}
        return [
            asset
            for asset in listed
            if not (
                _is_icon(asset)
                and (self._path(asset["uri"]) in gone or (DATA_ICON in gone and DATA_URL.match(asset["uri"])))
            )
        ]

    def _gone(self) -> set[str]:
        """Files that were the portrait and are not any more."""
        return set() if self._unchanged else {path for path, row in self._rows.items() if row.portrait}

    def for_charx(self, card: Json, *, private: bool) -> tuple[dict[str, bytes], list[str]]:
        """All files by their paths in a CHARX; the card's list of them is rewritten to match.

        Without `private` only those that the list names: what else an application has put in may tell
        what was edited out.
        """
        loose, gone = self._loose(), self._gone()
        files: dict[str, bytes] = {}
        listed: list[Any] = []
        for asset in self._listed(card):
            path = self._path(asset["uri"]) if _has_address(asset) else ""
            if path and path in loose:
                within = EMBEDDED.match(asset["uri"]) and charx.is_safe(path) and png.STORED not in path
                place = path if within else _free_place(asset, path, files, loose)
                files[place] = loose[path]
                asset = {**asset, "uri": asset["uri"] if place == path else f"embeded://{place}"}  # noqa: PLW2901
            elif path:
                continue  # it was not in the card that came, either
            listed.append(asset)
        named = {self._path(asset["uri"]) for asset in self._listed(card) if _has_address(asset)}
        for path, data in loose.items():
            if path not in named and path not in gone and private:
                files[_free_place({}, path, files, loose) if path.startswith(png.STORED) else path] = data
        if not any(_is_icon(asset) and self._is_within(asset["uri"]) for asset in listed):
            listed = self._with_main(listed, files)
        if listed or "assets" in card["data"]:
            card["data"]["assets"] = listed
        dropped = [] if private else [path for path in loose if path not in named | gone]
        return files, [_left_out(len(dropped))] if dropped else []

    @staticmethod
    def _is_within(uri: str) -> bool:
        return bool(EMBEDDED.match(uri) or DATA_URL.match(uri))

    def _with_main(self, listed: list[Any], files: dict[str, bytes]) -> list[Any]:
        """The list with the picture as its main icon; the other icons stay, none of them the main one."""
        place = (
            MAIN if MAIN not in files else _free_place({"type": "icon", "ext": "png"}, "main", files, files)
        )
        files[place] = self.picture()
        icon = {"type": "icon", "uri": f"embeded://{place}", "name": "main", "ext": "png"}
        others = [
            asset for asset in listed if not (_is_icon(asset) and asset["uri"].startswith("ccdefault:"))
        ]
        renamed = [
            {**asset, "name": f"main {number}"} if _is_icon(asset) and asset.get("name") == "main" else asset
            for number, asset in enumerate(others, 2)
        ]
        return [icon, *renamed]

    def for_png(self, card: Json) -> tuple[dict[str, bytes], list[str]]:
        """The files by their names in a PNG; the card's list is rewritten to match."""
        loose, gone = self._loose(), self._gone()
        inside: dict[str, bytes] = {}
        listed: list[Any] = []
        done: set[str] = set()
        for asset in self._listed(card):
            path = self._path(asset["uri"]) if _has_address(asset) else ""
            if path and path not in loose:
                continue
            if path:
                name = _keyword(path, inside, done)
                inside[name] = loose[path]
                done.add(path)
                asset = {**asset, "uri": f"{png.STORED}{name}"}  # noqa: PLW2901
            listed.append(asset)
        for path in loose:
            if path.startswith(png.STORED) and path not in done and path not in gone:
                inside[_keyword(path, inside, done)] = loose[path]
                done.add(path)
        if "assets" in card["data"]:
            card["data"]["assets"] = listed
        rest = len(loose) - len(done | gone)
        return inside, [_left(rest)] if rest > 0 else []

    def for_text(self, card: Json) -> list[str]:
        """A card without files: its list names none that it does not have."""
        listed = self._listed(card)
        kept = [asset for asset in listed if not (_has_address(asset) and self._path(asset["uri"]))]
        if "assets" in card["data"]:
            card["data"]["assets"] = kept
        loose = len(self._loose())
        return [_left(loose)] if loose else []


def _left_out(count: int) -> str:
    return ngettext(
        "%(count)d file that the card does not name was left out: it may be private.",
        "%(count)d files that the card does not name were left out: they may be private.",
        count,
    ) % {"count": count}


def _left(count: int) -> str:
    return ngettext(
        "%(count)d file of the card fits into a CHARX only.",
        "%(count)d files of the card fit into a CHARX only.",
        count,
    ) % {"count": count}


def _has_address(asset: Any) -> bool:
    return isinstance(asset, dict) and isinstance(asset.get("uri"), str)


def _is_icon(asset: Any) -> bool:
    return _has_address(asset) and asset.get("type") == "icon"


def _keyword(path: str, inside: dict[str, bytes], done: set[str]) -> str:
    """A name for a file in a PNG: its own where PNG allows it, else a number."""
    name = path.removeprefix(png.STORED)
    fits = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._/()+-]*", name) and len(name) <= SHORT
    if fits and (name not in inside or path in done):
        return name
    return next(str(number) for number in _numbers() if str(number) not in inside)


def _free_place(asset: Json, path: str, files: dict[str, bytes], others: dict[str, bytes]) -> str:
    """A place in a CHARX for a file that came in a PNG, by its kind and name."""
    name = re.sub(r"[^\w.-]+", "_", path.removeprefix(png.STORED).rpartition("/")[2]).strip("._") or "file"
    kind = re.sub(r"[^\w-]+", "_", str(asset.get("type") or "other"))[:40] or "other"
    ext = re.sub(r"\W+", "", str(asset.get("ext") or ""))[:10]
    stem = name if not ext or name.lower().endswith(f".{ext.lower()}") else f"{name}.{ext}"
    for number in _numbers():
        place = f"assets/{kind}/{stem}" if not number else f"assets/{kind}/{number}-{stem}"
        if place not in files and place not in others and place != charx.CARD:
            return place
    raise AssertionError


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1
