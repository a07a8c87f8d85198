"""A voice that is spoken over: held while it is not known what the visitor wants, and let go on then."""

from collections.abc import Callable

from voicebot.pipeline.activity import Activity, Fact
from voicebot.pipeline.rtvi import SessionRTVI
from voicebot.transport import ChannelsTransport

QUESTION_MARKS = ("?", "\uff1f")
CLOSING = "\"'”’)」』 "  # noqa: RUF001  (what may follow the mark)
# Roughly, of all voices here: fifteen letters of English a second, or five Chinese characters.
LETTERS_PER_SEC, LETTERS_OF_A_CHARACTER = 15, 3
ANSWERED_EARLY_SECS = 1.5  # before the end of a question, by a visitor who knows what comes


def spoken_secs(text: str) -> float:
    """About how long it takes to say this."""
    return sum(LETTERS_OF_A_CHARACTER if letter > "⺀" else 1 for letter in text) / LETTERS_PER_SEC


class SpokenOver:
    """The voice of one connection, as `turns` wants it. The page is told, so that it drops what it has.

    `written` tells the reply as far as it was written, `said` as far as it was heard.
    """

    def __init__(
        self,
        activity: Activity,
        rtvi: SessionRTVI,
        transport: ChannelsTransport,
        written: Callable[[], str],
        said: Callable[[], str],
    ) -> None:
        self._activity, self._rtvi, self._transport = activity, rtvi, transport
        self._written, self._said = written, said

    @property
    def sounds(self) -> bool:
        return Fact.VOICE in self._activity

    @property
    def awaits_answer(self) -> bool:
        written = self._written()
        asks = written.rstrip(CLOSING).endswith(QUESTION_MARKS)
        return asks and spoken_secs(written[len(self._said()) :]) <= ANSWERED_EARLY_SECS

    async def hold(self) -> None:
        self._transport.hold_voice()
        await self._tell(held=True)

    async def go_on(self) -> None:
        await self._tell(held=False)
        await self._transport.let_voice_go_on()

    async def _tell(self, *, held: bool) -> None:
        await self._rtvi.send_server_message({"type": "voice-held", "held": held})
