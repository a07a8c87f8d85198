"""The words of the page's script in the visitor's language, out of Django's catalogue."""

import json
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import override
from django.views.i18n import JSONCatalog

WRITTEN_IN = ("en", "zh-hans")


def languages(request: HttpRequest) -> dict[str, list[str]]:
    """Context processor: the languages that the interface is written in, as far as the project has them."""
    return {"interface_languages": [code for code, _ in settings.LANGUAGES if code in WRITTEN_IN]}


@cache
def catalogue(language: str) -> dict[str, str]:
    """What each message of `client/src` is in `language`; {} for English, in which they are written."""
    if language.startswith("en"):
        return {}
    with override(language):
        # Of other apps' own words the page needs none.
        answer = JSONCatalog(packages=["greenroom"]).get(HttpRequest())
    return {key: text for key, text in json.loads(answer.content)["catalog"].items() if text}
