"""Whether the addresses of remote providers answer: asked in the background, told in /readyz and in the log.

An address that nothing answers at is an operator's first mistake, and a visitor would be the first to notice.
It stands in nobody's way: a character that cannot think apologises, and a fallback may take over.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from characters.models import Character
from sessions_app.database import Breaker, cause_of, in_database
from voicebot.models import ProviderProfile
from voicebot.providers import registry
from voicebot.providers.errors import ProviderError
from voicebot.providers.registry import Stage

log = logging.getLogger(__name__)

ROUND_SECS = 30.0  # between two rounds
AWAY_ROUND_SECS = 5.0  # while something is away
PROVIDER_PROBE_SECS = 5.0  # for an address to answer anything at all
NO_ANSWER = gettext_noop("no answer within %(secs)s s")
NO_ADDRESS = gettext_noop("this is no address")
Probe = Callable[[str], Awaitable[None]]


async def ask(url: str) -> None:
    """Asks for the list of models, which costs nothing. Any answer will do; raises if none comes."""
    limit = aiohttp.ClientTimeout(total=PROVIDER_PROBE_SECS)
    async with aiohttp.ClientSession(timeout=limit) as client:
        (await client.get(f"{url.rstrip('/')}/models", allow_redirects=False)).release()


def public(url: str) -> str:
    """An address without the name and password, or the query, that may be in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _("an address that cannot be read")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def serving(stage: Stage) -> dict[str, str]:
    """Who may serve a stage, each with its address or '': those of the settings, and all profiles.

    The first is in use; the fallback comes second if there is one. Reads the database.
    """
    found: dict[str, str] = {}
    for name in _in_use(stage):
        found[name] = ""
        if registry.is_named(name):
            with suppress(ProviderError):  # not installed: who calls is told so
                found[name] = registry.provider(name).address(stage)
        elif "." in name:
            found[name] = _base_url(settings.STAGE_OPTIONS[stage])
    for profile in ProviderProfile.objects.filter(stage=stage).only("name", "options"):
        found[profile.name] = _base_url(profile.options)
    return found


def _in_use(stage: Stage) -> list[str]:
    """The providers of a stage that no profile makes: of speech to speech, those that characters name."""
    if stage != registry.SPEECH_TO_SPEECH:
        return [name for name in (registry.name_for(stage), settings.STAGE_FALLBACKS[stage]) if name]
    fields = "speech_to_speech_provider", "published__content__speech_to_speech_provider"  # draft and live
    named = {name for both in Character.objects.values_list(*fields).distinct() for name in both}
    return sorted(named & set(registry.built_in(stage)))


def addresses() -> dict[str, list[str]]:
    """The addresses of the providers in use, each with the stages it serves. Reads the database."""
    found: dict[str, list[str]] = {}
    for stage in (*registry.STAGES, registry.SPEECH_TO_SPEECH):
        for url in dict.fromkeys(filter(None, serving(stage).values())):
            found.setdefault(url, []).append(stage)
    return found


def _base_url(options: Mapping[str, Any]) -> str:
    """What a service of Pipecat's calls its server, if that speaks HTTP: others have WebSockets."""
    url = options.get("base_url") or options.get("url")
    return url if isinstance(url, str) and not url.startswith(("ws:", "wss:")) else ""


def _late(sentence: str) -> str:
    return sentence % {"secs": f"{PROVIDER_PROBE_SECS:.0f}"}


class ProviderWatch:
    """Knows which addresses do not answer. `ask` raises for one that does not; tests inject both."""

    def __init__(self, ask: Probe = ask, wait: Callable[[float], Awaitable[None]] = asyncio.sleep):
        self._ask, self._wait = ask, wait
        self._breakers: dict[str, Breaker] = {}

    def unreachable(self) -> list[str]:
        """A line for each address that did not answer when it was last asked, with the reason."""
        return [f"{at.what} does not answer: {at.cause}" for at in self._breakers.values() if at.away]

    def cause(self, url: str) -> str:
        """Why an address did not answer when it was last asked, in the reader's language; '' if it did."""
        at = self._breakers.get(url)
        if not at or not at.away:
            return ""
        # It is kept in English, as the log has it.
        ours = {_late(NO_ANSWER): _late(_(NO_ANSWER)), NO_ADDRESS: _(NO_ADDRESS)}
        return ours.get(at.cause, at.cause)

    async def look(self) -> None:
        """Asks every address once, at the same time."""
        try:
            known = await in_database(addresses)
        except DatabaseError:
            return  # away: whoever found out has said so
        for gone in self._breakers.keys() - known.keys():
            del self._breakers[gone]
        for url, stages in known.items():
            if url not in self._breakers:
                self._breakers[url] = Breaker(f"the provider at {public(url)} ({', '.join(stages)})")
        await asyncio.gather(*(self._try(url, at) for url, at in list(self._breakers.items())))

    async def _try(self, url: str, at: Breaker) -> None:
        try:
            await self._ask(url)
        except TimeoutError:
            at.failed(_late(NO_ANSWER))
        except aiohttp.InvalidURL:
            at.failed(NO_ADDRESS)  # its message would have all of it
        except Exception as error:  # whatever a connection makes of what it meets
            at.failed(cause_of(error))
        else:
            at.answered()

    async def run(self) -> None:
        """Looks until it is cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("the providers' addresses could not be asked; trying again later")
            await self._wait(AWAY_ROUND_SECS if self.unreachable() else ROUND_SECS)
