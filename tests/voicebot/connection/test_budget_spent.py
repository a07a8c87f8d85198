"""A conversation whose own budget is spent is over, however fast its client hangs up."""

import asyncio

import pytest

from sessions_app.database import in_database
from sessions_app.manager import SessionManager
from sessions_app.models import Budget, VoiceSession
from tests.characters.factory import make_character
from tests.voicebot.connection.test_rebuild import SECS, connected
from voicebot.connection.conversation import Conversation
from voicebot.runtime import Runtime
from voicebot.usage import BudgetWatch


@pytest.mark.django_db(transaction=True)
async def test_a_client_that_hangs_up_at_once_does_not_keep_its_session(tmp_path, monkeypatch):
    async def at_once(_watch, _instead, spent) -> None:
        await spent(Budget(period=Budget.Period.SESSION))

    async def is_slow(_conversation) -> None:
        await asyncio.Event().wait()  # as long as anybody lets it

    monkeypatch.setattr(BudgetWatch, "run", at_once)
    monkeypatch.setattr(Conversation, "cancel", is_slow)
    await in_database(make_character)
    session = await SessionManager().create(character="marlow", visitor="anon:me")
    runtime = Runtime(tmp_path / "spool")
    socket = await connected(runtime, session)
    assert (await socket.receive_output(SECS))["type"] == "websocket.close"
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(SECS)
    runtime.spool.close()
    row = await in_database(VoiceSession.objects.get, id=session.id)
    assert (row.state, row.end_reason) == ("ended", "budget")
