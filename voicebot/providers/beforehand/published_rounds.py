"""Published rounds: work that a process does once for each version of a character that is on stage."""

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.spec import CharacterSpec
from sessions_app.database import Rounds, in_database


class PublishedRounds(Rounds):
    """Looks at what is published once a minute, and when `soon` says so; `on_published` is what is done."""

    every_secs = 60.0

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()

    async def on_published(self, spec: CharacterSpec) -> None:
        """Does it. One that raises is asked again in the next round."""
        raise NotImplementedError

    async def round(self) -> None:
        """Does what was published since the last time."""
        for slug in await in_database(catalog.on_stage):
            try:
                spec = await in_database(catalog.get, slug)
            except CharacterNotFound:  # taken off the stage meanwhile
                continue
            if spec.label not in self._known:
                await self.on_published(spec)
                self._known.add(spec.label)
