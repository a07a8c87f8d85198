"""What rides with a pipeline: the session and its character.

It is the pipeline's `app_resources`, so that every processor (`setup.pipeline_worker.app_resources`) and
every tool (`FunctionCallParams.app_resources`) knows the character and the visitor's metadata without
being told again.
"""

from dataclasses import dataclass, field, replace
from uuid import UUID

from characters.prompts import DEFAULT_LIMIT
from characters.sheet import Sheet
from sessions_app.manager import SessionManager
from sessions_app.session import Session
from voicebot.recorder import Recorder

SPEEDS = (0.5, 2.0)  # of a voice that is still understood


@dataclass
class Stage:
    session: Session
    sheet: Sheet
    manager: SessionManager
    recorder: Recorder
    connection: UUID
    limit: int = DEFAULT_LIMIT  # tokens that the character's model reads at once
    upcoming: Sheet | None = None  # another version, or another character, from the next turn on
    summary: str = ""  # what the older turns came to
    replies: int = 0  # of the character, in the whole session
    lore_matched: set[int] = field(default_factory=set)  # numbers of entries that were activated before
    lore_replayed: bool = False  # whether the turns of earlier connections were gone through for them

    speaking_up: bool = False  # nobody has said anything for a while, and the character is to

    @property
    def voiced(self) -> Sheet:
        """The sheet with the speed that the visitor wishes, by `metadata.voiceSpeed`, a factor."""
        wish = self.session.metadata.get("voiceSpeed")
        if isinstance(wish, bool) or not isinstance(wish, (int, float)):
            return self.sheet
        speed = min(SPEEDS[1], max(SPEEDS[0], self.sheet.voice_speed * wish))
        return replace(self.sheet, voice_speed=speed)

    def __repr__(self) -> str:
        return f"<Stage {self.session!r}>"

    def take_up(self) -> bool:
        """Makes the upcoming sheet the one in use; whether there was one."""
        if self.upcoming is None:
            return False
        if self.upcoming.book != self.sheet.book:
            self.lore_matched, self.lore_replayed = set(), False
        self.sheet, self.upcoming = self.upcoming, None
        return True
