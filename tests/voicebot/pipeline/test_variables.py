"""Variables of macros: a turn changes them, the session keeps them, a later connection has them."""

from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from characters.spec import CharacterSpec
from sessions_app.identity import visitors
from sessions_app.manager import SessionManager
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Past
from tests.characters.factory import make_character
from tests.voicebot.pipeline.test_conversation_state import ConversationState
from voicebot.pipeline.prompting import prepare
from voicebot.pipeline.session_context import SessionContext
from voicebot.pipeline.variables import MetadataKeeper

pytestmark = pytest.mark.django_db(transaction=True)
COUNTS = CharacterSpec(slug="marlow", name="Marlow", system_prompt="{{incvar::turns}}{{setvar::mood::calm}}.")


async def test_what_a_turn_has_counted_goes_on_on_the_next_connection():
    await sync_to_async(make_character)()
    manager = SessionManager()
    session = await manager.create(
        character="marlow", visitor=visitors.of_account(1), metadata={"name": "Robin"}
    )
    for first, second in (("1.", "2."), ("3.", "4.")):
        known = await manager.get(session.id)
        context = SessionContext(session.id, manager, None, uuid4())  # type: ignore[arg-type]
        state = ConversationState(context, known, COUNTS, Past("", Coverage(), []))
        keeper = MetadataKeeper()
        for expected in (first, second):
            turn = prepare(state, [{"role": "user", "content": "Hi"}])
            assert turn.prompt.instructions.splitlines()[0] == expected
            assert state.set_variables(turn.moment.variables)
            keeper.keep(state)
        await keeper.end()
    after = await manager.get(session.id)
    assert after.metadata["variables"] == {"turns": "4", "mood": "calm"}
    assert after.metadata["name"] == "Robin"
