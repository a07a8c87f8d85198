"""The words of the page's JavaScript in the visitor's language, out of Django's catalogue."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import DjangoTranslation

DOMAIN = "djangojs"


def languages(request: HttpRequest) -> dict[str, list[str]]:
    """Context processor: the languages that the interface is written in."""
    return {"interface_languages": [code for code, _ in settings.LANGUAGES]}


@cache
def catalogue(language: str) -> dict[str, str]:
    """What each message of `client/src` is in `language`; {} for English, in which they are written."""
    if language.startswith("en"):
        return {}
    translation = DjangoTranslation(
        language, domain=DOMAIN, localedirs=[str(p) for p in settings.LOCALE_PATHS]
    )
    known: dict[str, str] = {}
    for layer in reversed(translation._catalog._catalogs):  # type: ignore[attr-defined]  # the fallback first
        known |= {key: text for key, text in layer.items() if isinstance(key, str) and key and text}
    return known
