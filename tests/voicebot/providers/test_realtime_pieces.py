"""Pieces of speech and their words: in the order in which they were said, whatever the vendor does."""

from contextlib import suppress
from types import SimpleNamespace as Event

from voicebot.providers.speech_to_speech.openai_realtime import RealtimeSession
from voicebot.providers.speech_to_speech.vendor import Heard, VendorLost


class Told:
    """A connection on which these events have come."""

    def __init__(self, *events: Event) -> None:
        self._events = events

    async def __aiter__(self):
        for event in self._events:
            yield event


def committed(item: str) -> Event:
    return Event(type="input_audio_buffer.committed", item_id=item)


def words(item: str, text: str) -> Event:
    kind = "conversation.item.input_audio_transcription.completed"
    return Event(type=kind, item_id=item, transcript=text)


def refused(event_id: str) -> Event:
    error = Event(event_id=event_id, code="input_audio_buffer_commit_empty", type="invalid_request_error")
    return Event(type="error", error=error)


async def heard(*events: Event) -> list[Heard]:
    found: list[Heard] = []
    session = RealtimeSession(Told(*events), "marin", 1.0, {})
    with suppress(VendorLost):  # they are over
        async for event in session.events():
            assert isinstance(event, Heard)
            found.append(event)
    return found


async def test_words_come_in_the_order_of_their_pieces():
    found = await heard(committed("a"), committed("b"), words("b", "Second."), words("a", "First."))
    assert found == [Heard("a", "First."), Heard("b", "Second.")]


async def test_a_piece_that_is_none_takes_nobody_elses_words():
    """The vendor refuses one that is too short while the words of the one before it are on their way."""
    found = await heard(
        committed("a"), refused("commit-1"), committed("c"), words("a", "First."), words("c", "Third.")
    )
    assert found == [Heard("a", "First."), Heard("", ""), Heard("c", "Third.")]
