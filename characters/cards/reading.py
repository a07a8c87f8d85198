"""Card reading: a file is recognised by its content, bounded, and never followed to any address."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from characters import content
from characters import report as reports
from characters.cards import card_limits, charx, json_text, lorebooks, mapping, others, png
from characters.cards.report import describe, guess, tell_language
from characters.exceptions import CardRefused
from characters.portraits import square, validate_portrait
from characters.report import Report
from characters.spec import DRAFT, CharacterSpec

JPEG, WEBP = b"\xff\xd8\xff", b"WEBP"
BLANK = b"\xef\xbb\xbf \t\r\n"
DATA_URL = re.compile(r"data:image/(?:png|jpe?g|webp);base64,", re.IGNORECASE)
EMBEDDED = re.compile(r"embed(?:d)?ed://")  # the specification spells it with one d
FARADAY = re.compile(rb"eyJ[A-Za-z0-9+/=]{40,}")  # JSON in base64, within the EXIF of a picture
DATA_ICON = "data:main"  # the path of a main icon that came within the card's text
UNREADABLE = gettext_noop("Its picture could not be read.")
ELSEWHERE = gettext_noop("Its picture is elsewhere on the net and was not fetched.")


@dataclass
class Card:
    """A card that was read, and may be stored."""

    fields: dict[str, Any]
    report: Report = field(default_factory=Report)
    portrait: bytes | None = None
    portrait_of: str = ""  # the path of the file that the portrait was made of
    picture: bytes | None = None  # the PNG that the card came in, without its text
    assets: dict[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.fields["name"])

    @property
    def notes(self) -> list[str]:
        """What its writer should know of, in sentences."""
        return self.report.remarks


@dataclass
class _Source:
    """What a file holds beside its card's text."""

    container: str = ""
    picture: bytes | None = None  # to be the portrait if the card names no other
    original: bytes | None = None  # the picture, if it is a PNG
    assets: dict[str, bytes] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def read(data: bytes) -> Card:
    """The card in a file's bytes. Raises CardRefused with a reason that a person understands."""
    try:
        return _read(data)
    except CardRefused:
        if not (found := others.taken_by_others(data)):
            raise
    return _understood(found[1], _Source(found[0]))


def _read(data: bytes) -> Card:
    if len(data) > card_limits.FILE_BYTES:
        raise CardRefused(
            _("The file is larger than %(megabytes)d MB.")
            % {"megabytes": card_limits.FILE_BYTES // 1024 // 1024}
        )
    if data.startswith(png.SIGNATURE):
        return _from_png(data)
    data = json_text.as_utf8(data)
    begin = data.lstrip(BLANK)[:1]
    if begin in (b"{", b"["):
        return _from_json(data)
    found = charx.names(data) if b"PK\x05\x06" in data[-70_000:] else (frozenset(), 0)
    if found[0] or data.startswith(b"PK"):
        return _from_archive(data, *found)
    if data.startswith(JPEG) or data[8:12] == WEBP:
        raise CardRefused(_("This picture holds no character card."))
    if others.looks_like_yaml(data):
        return _understood(others.parse_yaml(data), _Source("YAML"))
    raise CardRefused(_("This is no character card: neither JSON, YAML, PNG nor CHARX."))


def _from_json(data: bytes) -> Card:
    lines = data.strip(BLANK).splitlines()
    try:
        text = json_text.parse_any(data)
    except CardRefused:
        first = _line_of_json(lines[0]) if len(lines) > 1 else None
        if first is not None and (name := others.no_character(first)):
            raise CardRefused(_no_character(name)) from None
        raise
    if isinstance(text, dict):
        return _understood(text, _Source("JSON"))
    if name := others.no_character(text):
        raise CardRefused(_no_character(name))
    if isinstance(text, list) and len(text) == 1 and isinstance(text[0], dict):
        return _understood(text[0], _Source("JSON"))
    if isinstance(text, list) and len(text) > 1 and all(isinstance(one, dict) for one in text):
        raise CardRefused(
            _("The file holds a list of %(count)d things: save each character as a file of its own.")
            % {"count": len(text)}
        )
    raise CardRefused(_("The card's JSON is no object."))


def _no_character(name: str) -> str:
    return _("This is %(name)s, not a character.") % {"name": name}


def _line_of_json(line: bytes) -> Any:
    try:
        return json_text.parse_any(line)
    except CardRefused:
        return None


def _from_png(data: bytes) -> Card:
    found = png.read(data)
    source = _Source("PNG", found.picture, found.picture)
    source.assets = {f"{png.STORED}{path}": file for path, file in found.assets.items()}
    if found.others:
        source.left_out.append(
            _("Other texts in the picture: %(names)s.") % {"names": ", ".join(found.others[:8])}
        )
    if found.too_many:
        source.left_out.append(
            _("%(count)d files beyond the first %(most)d.")
            % {"count": found.too_many, "most": card_limits.ASSETS}
        )
    if found.texts:
        return _from_texts(found.texts, source)
    for match in FARADAY.findall(found.exif):
        try:
            given = json_text.parse(base64.b64decode(match + b"=" * (-len(match) % 4)))
        except (CardRefused, binascii.Error, ValueError):
            continue
        return _understood(given, source)
    raise CardRefused(_("This picture holds no character card."))


def _from_texts(texts: Mapping[str, bytes], source: _Source) -> Card:
    """The card in a picture's texts: V3 wins, as the specification has it, while it can be read."""
    newer, older = texts.get("ccv3"), texts.get("chara")
    if newer is None or older is None:
        return _understood(json_text.parse(newer or older or b""), source)
    try:
        return _understood(json_text.parse(newer), source)
    except CardRefused as refused:
        try:
            card = _understood(json_text.parse(older), source)
        except CardRefused:
            raise refused from None
        card.report.leave_out(
            _("The picture's card of V3 cannot be read: the one of V2 beside it was taken.")
        )
        return card


def _from_archive(data: bytes, names: frozenset[str], begin: int) -> Card:
    """A CHARX, alone or at the end of a picture; an archive of Backyard."""
    if charx.CARD not in names and "manifest.json" in names:
        manifest, files = charx.read(data, "manifest.json")
        card, pictures = others.backyard_archive(manifest, files)
        return _card({"data": card}, _Source("BYAF", assets=pictures), "Backyard", ())
    text, files = charx.read(data)
    before = data[:begin] if begin and data.startswith(JPEG) else None
    kind = _("CHARX in a JPEG") if before else "CHARX"
    return _understood(json_text.parse(text), _Source(kind, before, None, files))


def _understood(given: dict[str, Any], source: _Source) -> Card:
    """The card in a file's JSON, whoever's it is. Raises CardRefused for what is none, by its name."""
    if kind := lorebooks.kind_of(given):
        raise CardRefused(
            _("This is a lorebook (%(kind)s) and no character: bring it into one by its “Lorebook file…”.")
            % {"kind": _(kind)}
        )
    if given.get("spec") in (mapping.V2, mapping.V3):
        return _card(given, source, "", ())
    if found := others.as_card(given):
        return _card({"data": found.data}, source, found.application, found.left_out)
    data = given.get("data")
    if not others.is_surely_a_card(given) and (name := others.no_character(given)):
        raise CardRefused(_no_character(name))
    if not others.is_first_version(data if isinstance(data, dict) else given):
        mapping.data_of(given)  # says so if it names nobody
        raise CardRefused(
            _(
                "This %(kind)s is no character: beside a name it has neither a description nor a greeting "
                "nor anything else that a card has."
            )
            % {"kind": "YAML" if source.container == "YAML" else "JSON"}
        )
    return _card(given, source, "", ())


def _kind(given: Mapping[str, Any], application: str) -> str:
    if application:
        return _("A character of %(application)s") % {"application": application}
    usual = "V2" if isinstance(given.get("data"), dict) else "V1"
    version = {mapping.V3: "V3", mapping.V2: "V2"}.get(str(given.get("spec")), usual)
    return _("Character Card %(version)s") % {"version": version}


def _card(text: dict[str, Any], source: _Source, application: str, left_out: tuple[str, ...]) -> Card:
    taken = mapping.take(text)
    data = mapping.data_of(text)
    told = Report()
    kind = f"{_kind(text, application)} ({source.container})"
    describe(told, taken.fields, data, kind=kind)
    if taken.says_language:
        tell_language(told, taken.fields["language"], said=True)
    else:
        found = guess(taken.fields)
        taken.fields["language"] = found or taken.fields["language"]
        tell_language(told, found, said=False)
    told.keep(*taken.report.without_effect)
    told.leave_out(*taken.report.left_out, *source.left_out)
    if left_out:
        told.leave_out(
            _("How models and voices are set, which may hold keys: %(names)s.")
            % {"names": ", ".join(left_out)}
        )
    card = Card(taken.fields, told, picture=source.original, assets=source.assets)
    _portrait(card, data.get("assets"), source.picture)
    spec = CharacterSpec.of("", DRAFT, {**content.LATER, **card.fields, "avatar": ""})
    told.keep(*reports.of(spec).without_effect)
    return card


def _portrait(card: Card, listed: Any, picture: bytes | None) -> None:
    """The first of the icons that can be read, the main one before others; else the card's own picture."""
    failed = False
    for path, file in _icons(listed, card):
        if file is not None:
            made = _square(file)
            if made is not None:
                card.portrait, card.portrait_of = made, path
                if path == DATA_ICON:
                    card.assets[DATA_ICON] = file
                return
        failed = True
    made = _square(picture) if picture else None
    if made is not None:
        card.portrait = made
    elif failed or picture:
        card.report.leave_out(_(UNREADABLE))


def _square(file: bytes) -> bytes | None:
    try:
        whole = ContentFile(file, name="portrait")
        validate_portrait(whole)
        return square(file).read()
    except ValidationError:
        return None


def _icons(listed: Any, card: Card) -> Iterator[tuple[str, bytes | None]]:
    """The icons within the card, each with its path. Addresses elsewhere are kept, and never asked."""
    icons = [
        asset
        for asset in (listed if isinstance(listed, list) else [])
        if isinstance(asset, dict) and asset.get("type") == "icon" and isinstance(asset.get("uri"), str)
    ]
    icons.sort(key=lambda asset: asset.get("name") != "main")
    for asset in icons:
        uri = asset["uri"]
        if uri.startswith("ccdefault:"):
            return
        if EMBEDDED.match(uri):
            path = EMBEDDED.sub("", uri, count=1)
            yield path, card.assets.get(path)
        elif uri.startswith(png.STORED):
            yield uri, card.assets.get(uri)
        elif DATA_URL.match(uri):
            try:
                yield DATA_ICON, base64.b64decode(DATA_URL.sub("", uri, count=1), validate=True)
            except (binascii.Error, ValueError):
                yield DATA_ICON, None
        else:
            card.report.leave_out(_(ELSEWHERE))
