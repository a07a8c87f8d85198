"""Reading ahead: the indexes of characters on stage are made before their first visitor asks.

At the start of the server, when somebody publishes, and once a minute for what other processes published; at
half speed, so that voices go first.
What was read before lies on disk, so that this is work once for each wording on a machine.
"""

import asyncio
from collections.abc import Callable

from characters.spec import CharacterSpec
from voicebot.lore import LoreIndexes, book_of_tools, lore_indexes
from voicebot.providers import registry
from voicebot.providers.beforehand.published_rounds import PublishedRounds
from voicebot.repertoire import IndexCache, index_cache


class ReadingAhead(PublishedRounds):
    """What this process has read. `cache` gives the indexes of what is written, `lore` those of lorebooks."""

    work = "reading ahead"

    def __init__(
        self,
        cache: Callable[[], IndexCache] = index_cache,
        lore: Callable[[], LoreIndexes] = lore_indexes,
    ) -> None:
        super().__init__()
        self._cache, self._lore = cache, lore

    async def on_published(self, spec: CharacterSpec) -> None:
        """Makes its indexes; the vectors follow behind."""
        if spec.book.by_meaning:
            await asyncio.to_thread(self._lore().index, spec.book, ahead=True)
        tools = book_of_tools([tool for tool in spec.tools if tool.enabled])
        if tools.by_meaning:
            await asyncio.to_thread(self._lore().index, tools, ahead=True)
        if is_read(spec):
            await asyncio.to_thread(self._cache().written, spec, ahead=True)


def is_read(spec: CharacterSpec) -> bool:
    """Whether anybody looks for this character's exchanges: a script does not."""
    return registry.name_for("llm", spec) != "scripted"
