"""Coming back to a conversation: the character picks it up with a line of its own, where it is wished for."""

import pytest
from django.utils import timezone

from sessions_app.identity.session_tokens import RECONNECT_SECS
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Past, Turn
from tests.voicebot.live import conversation
from voicebot.providers.scripted import REPLY

pytestmark = pytest.mark.django_db(transaction=True)

LATER = RECONNECT_SECS + 1
SAID = ("user", "My parrot talks."), ("assistant", "Does it now.")


def past(*said: tuple[str, str]) -> Past:
    turns = [Turn(n, role, text, False, timezone.now()) for n, (role, text) in enumerate(said, 1)]  # type: ignore[arg-type]
    return Past("", Coverage(), turns)


async def test_after_a_while_it_picks_up_with_a_line_that_is_heard_and_remembered():
    async with conversation(past=past(*SAID), away_secs=LATER) as one:
        await one.greeted()
        assert await one.pipeline.settle(5)
        (turn,) = await one.turns()
        assert (turn.role, turn.interrupted) == ("assistant", False)
        assert turn.text.split() == REPLY.split()
        said = [message["content"] for message in one.pipeline.context.get_messages()]
        assert said[:2] == [text for _, text in SAID]
        assert len(said) == 3, "what the character was told to do is nobody's word"


@pytest.mark.parametrize(
    ("away_secs", "said", "character"),
    [(RECONNECT_SECS - 1, SAID, {}), (LATER, SAID, {"picks_up": False}), (0, SAID, {})],
    ids=["within a minute", "not wished", "services exchanged"],
)
async def test_else_it_waits_for_the_visitor(away_secs, said, character):
    async with conversation(past=past(*said), away_secs=away_secs, **character) as one:
        assert (await one.ready())["resumed"] is True
        assert await one.pipeline.settle(5)
        assert not one.pipeline.activity.begun
        assert await one.turns() == []


async def test_a_question_that_waits_for_its_answer_is_answered_and_nothing_else_said():
    async with conversation(past=past(*SAID, ("user", "Where is it?")), away_secs=LATER) as one:
        await one.greeted()
        assert await one.pipeline.settle(5)
        assert [turn.role for turn in await one.turns()] == ["assistant"]
