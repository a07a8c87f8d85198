"""Voice sample for visitors: the first sentence of a character's greeting, to be heard before one calls."""

import re

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from characters import catalog, prompts, provider_choice
from characters.exceptions import CannotSpeak, CharacterNotFound
from characters.spec import CharacterSpec

SENTENCE = re.compile(r".{1,160}?(?:[.!?…]+(?=\s|$)|[。！？]|$)|.{1,160}", re.DOTALL)  # noqa: RUF001
CACHE_SECS = 24 * 3600
BUSY = "characters:voice:busy"  # one voice at a time, whoever asks: the conversations want theirs
BUSY_SECS = 30  # longer than a voice may take
RANGE = re.compile(r"bytes=(\d{1,9})-(\d{0,9})")


def sentence(spec: CharacterSpec) -> str:
    found = SENTENCE.match(prompts.greeting(spec, {}).strip())
    return found.group().strip() if found else ""


@require_safe
def voice(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """The sample of a published version as WAV; it is spoken once, and kept for a day."""
    try:
        spec = catalog.get(slug)
    except CharacterNotFound as error:
        raise Http404 from error
    if spec.version != version:
        raise Http404
    key = f"characters:voice:2:{slug}:{version}"
    data: bytes | None = cache.get(key)
    if data is None:
        if not cache.add(BUSY, True, BUSY_SECS):
            return HttpResponse(status=503, headers={"Retry-After": "2"})
        try:
            data = provider_choice.ask().speak(spec, sentence(spec))
        except CannotSpeak:
            return HttpResponse(status=503, headers={"Retry-After": "30"})
        finally:
            cache.delete(BUSY)
        cache.set(key, data, CACHE_SECS)
    return _answer(request, data)


def _answer(request: HttpRequest, data: bytes) -> HttpResponse:
    """All of it, or the part that is asked for (RFC 9110, 14): Safari plays nothing that has no parts."""
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "public, max-age=3600"}
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if not asked:
        return HttpResponse(data, content_type="audio/wav", headers=headers)
    start = int(asked[1])
    end = min(int(asked[2]) if asked[2] else len(data) - 1, len(data) - 1)
    if start > end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
    return HttpResponse(data[start : end + 1], status=206, content_type="audio/wav", headers=headers)
