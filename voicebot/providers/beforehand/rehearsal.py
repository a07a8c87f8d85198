"""Rehearsal: the greetings of published characters, made beforehand where their voice is slow."""

from characters import prompts
from characters.spec import CharacterSpec
from voicebot.providers import registry
from voicebot.providers.beforehand.published_rounds import PublishedRounds
from voicebot.providers.errors import ProviderError


class Rehearsal(PublishedRounds):
    """What this process has rehearsed."""

    work = "rehearsing"

    async def on_published(self, spec: CharacterSpec) -> None:
        await rehearse(spec)


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
