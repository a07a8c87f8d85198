"""Client messages: what a client may ask for by RTVI `client-message`, each answered with `server-response`.

Other apps register more with `extensions.client_message`.
"""

from typing import Any
from uuid import UUID

from sessions_app.exceptions import BadRequest
from sessions_app.handlers import ClientMessage, with_session
from sessions_app.manager import SessionManager
from sessions_app.memories import Memories
from sessions_app.session import Session, checked_metadata, merge_patch
from voicebot.extensions import CLIENT_MESSAGES, client_message
from voicebot.transport import RATES_HZ

INTERRUPT = "character.interrupt"
PING = "ping"
AUDIO_RATE = "audio.rate"
OF_TOOLS = ("tool.result", "tool.answer")
OF_THE_LINE = (PING, AUDIO_RATE, *OF_TOOLS)  # they change nothing of the session
MOST_PAD = 4096  # characters
HISTORY = "session.history"
HISTORY_TURNS = 500  # of one answer to session.history
TURNS_OF_ONE = 25  # so many turns weigh as much as a small message

manager, memories = SessionManager(), Memories()


async def answer(session: Session, message: ClientMessage) -> Any:
    """What the handler of a message answers. Raises SessionError, and whatever the handler raises."""
    handler = CLIENT_MESSAGES.get(message.type)
    if handler is None:
        raise BadRequest("There is no such message here.")
    return await handler(session.id, message)


def weight(message: ClientMessage) -> float:
    """What a message costs, in small ones: many turns cost reading, opening and sending them."""
    if message.type != HISTORY or not isinstance(message.data, dict):
        return 1.0
    limit = message.data.get("limit", 100)
    turns = min(limit, HISTORY_TURNS) if isinstance(limit, int) and limit >= 0 else 0
    return 1.0 + turns / TURNS_OF_ONE


def _data(message: ClientMessage) -> dict[str, Any]:
    if message.data is None:
        return {}
    if not isinstance(message.data, dict):
        raise BadRequest("The data of this message is a JSON object.")
    return message.data


@client_message("session.get")
@with_session
async def get_session(session: Session, message: ClientMessage) -> dict[str, Any]:
    """The session as its client may know it."""
    return {
        "id": str(session.id),
        "character": session.character,
        "state": session.state,
        "createdAt": session.created_at.isoformat(),
        "expiresAt": session.expires_at.isoformat(),
        "turns": await manager.count_turns(session.id),
        "metadata": session.metadata,
    }


@client_message("session.metadata")
@with_session
async def set_metadata(session: Session, message: ClientMessage) -> dict[str, Any]:
    """Merges a JSON merge patch (RFC 7396) into the metadata; the character knows it from its next turn."""
    session.metadata = checked_metadata(merge_patch(session.metadata, _data(message)))
    return {"metadata": session.metadata}


@client_message(HISTORY)
@with_session
async def get_history(session: Session, message: ClientMessage) -> dict[str, Any]:
    """The newest turns, at most `limit`, with a sequence above `after`."""
    asked = _data(message)
    after, limit = asked.get("after", 0), asked.get("limit", 100)
    if not all(isinstance(number, int) and number >= 0 for number in (after, limit)):
        raise BadRequest("`after` and `limit` are whole numbers.")
    turns = await manager.turns(session.id, after=after, newest=min(limit, HISTORY_TURNS))
    return {"turns": [turn.as_json() for turn in turns]}


@client_message("session.end")
@with_session
async def end_session(session: Session, message: ClientMessage) -> dict[str, Any]:
    """Ends the session for good."""
    session.state = "ended"
    return {"ended": await manager.end(session.id, reason="visitor")}


@client_message("memory.list")
@with_session
async def list_memories(session: Session, message: ClientMessage) -> dict[str, Any]:
    """What this character remembers of the visitor, and whether it may."""
    known = await memories.known(session.visitor, session.character)
    return {"consent": known.consent, "memories": [memory.as_json() for memory in known.recollections]}


@client_message("memory.forget")
@with_session
async def forget_memory(session: Session, message: ClientMessage) -> dict[str, Any]:
    """Forgets one by its `id`, or with `all` everything; the character knows it from its next turn."""
    asked = _data(message)
    if asked.get("all") is True:
        return {"forgotten": (await memories.forget_all(session.visitor, session.character)).memories}
    try:
        memory_id = UUID(str(asked.get("id")))
    except ValueError as error:
        raise BadRequest("Say which memory: `id`, or `all`.") from error
    return {"forgotten": (await memories.forget(session.visitor, memory_id)).memories}


@client_message(PING)
async def ping(session_id: UUID | str, message: ClientMessage) -> dict[str, Any]:
    """Whether the connection carries. The session is not read, and the visitor has done nothing by it."""
    pad = _data(message).get("pad", 0)
    if not isinstance(pad, int) or not 0 <= pad <= MOST_PAD:
        raise BadRequest(f"`pad` is a whole number up to {MOST_PAD}.")
    return {"pad": "." * pad} if pad else {}


@client_message(AUDIO_RATE)
async def audio_rate(session_id: UUID | str, message: ClientMessage) -> dict[str, Any]:
    """The voice comes at another rate from its next packet on; see `SessionRTVI`."""
    hz = _data(message).get("hz")
    if not isinstance(hz, int) or hz not in RATES_HZ:
        raise BadRequest(f"`hz` is one of {', '.join(map(str, RATES_HZ))}.")
    return {"hz": hz}


@client_message("tool.result")
async def tool_result(session_id: UUID | str, message: ClientMessage) -> dict[str, Any]:
    """What a function of the page has given, by the `id` of its call: `result`, or `error`; see `Actor`."""
    return {"taken": bool(_data(message).get("id"))}


@client_message("tool.answer")
async def tool_answer(session_id: UUID | str, message: ClientMessage) -> dict[str, Any]:
    """Whether the visitor agrees to what a tool is to do, by the `id` of its question: `agreed`."""
    return {"taken": bool(_data(message).get("id"))}


@client_message(INTERRUPT)
@with_session
async def interrupt(session: Session, message: ClientMessage) -> dict[str, Any]:
    """The character falls silent, as if the visitor had begun to speak; see `SessionRTVI`."""
    return {"interrupted": True}


@client_message("character.switch")
@with_session
async def switch_character(session: Session, message: ClientMessage) -> dict[str, Any]:
    """Hands the conversation to another character, who has heard all of it."""
    slug = _data(message).get("character")
    if not isinstance(slug, str):
        raise BadRequest("Say which character: `character` is its address.")
    switched = await manager.switch(session.id, slug)
    return {"character": switched.character}
