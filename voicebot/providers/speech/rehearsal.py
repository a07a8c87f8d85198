"""Rehearsal: the greetings of published characters, made beforehand where their voice is slow."""

import asyncio
import logging

from django.db import Error as DatabaseError

from characters import catalog, prompts
from characters.exceptions import CharacterNotFound
from characters.spec import CharacterSpec
from sessions_app.database import in_database
from voicebot.providers import registry
from voicebot.providers.errors import ProviderError

log = logging.getLogger(__name__)

ROUND_SECS = 60.0  # between two looks at what is published


class Rehearsal:
    """What this process has rehearsed, by label of the version."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    async def run(self) -> None:
        while True:
            try:
                await self.round()
            except (DatabaseError, OSError):
                pass  # away: whoever found out has said so
            except Exception:
                log.exception("rehearsing failed; trying again later")
            await asyncio.sleep(ROUND_SECS)

    async def round(self) -> None:
        """Rehearses what was published since the last time."""
        for slug in await in_database(catalog.on_stage):
            try:
                spec = await in_database(catalog.get, slug)
            except CharacterNotFound:  # taken off the stage meanwhile
                continue
            if spec.label not in self._known:
                await rehearse(spec)
                self._known.add(spec.label)


async def rehearse(spec: CharacterSpec) -> None:
    """Has the character's provider make what the character will say to everybody."""
    name = registry.name_for("tts", spec)
    try:
        provider = registry.provider(name) if registry.is_named(name) else None
    except ProviderError:  # not installed: whoever calls is told so
        return
    if isinstance(provider, registry.RehearsesSpeech):
        others = range(1 + len(spec.alternate_greetings))
        for number in others:
            await provider.rehearse(spec, prompts.greeting(spec, {"greeting": number}))
