"""Gallery query: published characters, searched, filtered and sorted by what is published of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from characters.models import LANGUAGES, CharacterVersion
from characters.pages import language_line, public_text
from characters.pages.language_line import LanguageLine
from characters.portraits import url_of
from characters.spec import CharacterSpec

SORTS = {"name": _("by name"), "new": _("newest first")}
MOST_TAGS = 24  # offered above the gallery
SEARCHED = ("name", "tagline", "about")


@dataclass(frozen=True, slots=True)
class ListedCharacter:
    """One character as the gallery shows it."""

    slug: str
    name: str
    tagline: str
    greeting: str
    portrait_url: str
    tags: tuple[str, ...]
    language: LanguageLine

    @property
    def url(self) -> str:
        return reverse("character", args=[self.slug])


@dataclass(frozen=True, slots=True)
class Wish:
    """What a visitor looks for; everything that is not understood counts as nothing."""

    words: str = ""
    tag: str = ""
    language: str = ""
    sort: str = "name"

    @classmethod
    def of(cls, asked: Any) -> "Wish":
        def get(name: str, most: int) -> str:
            return str(asked.get(name, "")).replace("\0", "").strip()[:most]

        language, sort = get("language", 10), get("sort", 10)
        return cls(
            get("q", 80),
            get("tag", 60),
            language if language in dict(LANGUAGES) else "",
            sort if sort in SORTS else "name",
        )

    def __bool__(self) -> bool:
        return bool(self.words or self.tag or self.language)


def on_stage() -> QuerySet[CharacterVersion]:
    """The published versions."""
    return CharacterVersion.objects.filter(character__published=F("pk"))


def find(wish: Wish) -> QuerySet[CharacterVersion, Any]:
    """Rows of the characters that fit, for `player_of`; what they are searched by is the published text."""
    found = on_stage()
    for word in wish.words.split()[:6]:
        fits = Q(content__tags__icontains=word)
        for field in SEARCHED:
            fits |= Q(**{f"content__{field}__icontains": word})
        found = found.filter(fits)
    if wish.tag:
        found = found.filter(content__tags__contains=[wish.tag])
    if wish.language:
        found = found.filter(
            Q(content__language=wish.language) | Q(content__other_languages__contains=[wish.language])
        )
    order = ["-created_at", "slug"] if wish.sort == "new" else [Lower(KT("content__name")), "slug"]
    return (
        found.annotate(slug=F("character__slug"))
        .order_by(*order)
        .values(
            "slug",
            name=KT("content__name"),
            tagline=KT("content__tagline"),
            nickname=KT("content__nickname"),
            greeting=KT("content__greeting"),
            avatar=KT("content__avatar"),
            tags=F("content__tags"),
            language=KT("content__language"),
            other_languages=F("content__other_languages"),
            stt_provider=KT("content__stt_provider"),
            tts_provider=KT("content__tts_provider"),
            speech_to_speech_provider=KT("content__speech_to_speech_provider"),
        )
    )


def player_of(row: dict[str, Any]) -> ListedCharacter:
    spec = CharacterSpec(
        slug=row["slug"],
        name=row["name"],
        nickname=row.get("nickname") or "",
        tagline=row["tagline"],
        greeting=row["greeting"],
        language=row.get("language") or "en",
        other_languages=tuple(row.get("other_languages") or ()),
        stt_provider=row.get("stt_provider") or "",
        tts_provider=row.get("tts_provider") or "",
        speech_to_speech_provider=row.get("speech_to_speech_provider") or "",
    )
    return ListedCharacter(
        slug=spec.slug,
        name=spec.name,
        tagline=public_text.tagline(spec),
        greeting=public_text.first_words(spec),
        portrait_url=url_of(row["avatar"]),
        tags=tuple(row["tags"] or ()),
        language=language_line.of(spec),
    )


def tags() -> Sequence[str]:
    """The tags of all published characters, the most frequent first."""
    counts: dict[str, int] = {}
    for found in on_stage().values_list("content__tags", flat=True):
        for tag in found or ():
            counts[tag] = counts.get(tag, 0) + 1
    return sorted(counts, key=lambda tag: (-counts[tag], tag.lower()))[:MOST_TAGS]


def languages() -> list[tuple[str, str]]:
    """The languages that are published characters speak, as code and name."""
    rows = on_stage().values_list("content__language", "content__other_languages")
    spoken = {code for main, others in rows for code in (main, *(others or ()))}
    return [(code, str(name)) for code, name in LANGUAGES if code in spoken]
