"""What the JSON API takes and gives, typed: requests are checked by it, docs/openapi.json is written from it.

A field's description completes the sentence "`field` is ...": a client that sent another thing reads it, up
to its colon.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    StrictBool,
    Tag,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from characters.field_limits import MEMORY_KINDS
from sessions_app.conversations import MOST_SESSIONS
from sessions_app.memories import MEMORY_CHARACTERS
from sessions_app.models import VoiceSession
from voicebot.http import attempts
from voicebot.http.calls.schemas import Candidates, Offer
from voicebot.usage import Used

MOST_TITLE, MOST_WORDS = 120, 80  # characters

# --- what it takes ---


def _has(name: str, value: Any) -> bool:
    return isinstance(value, dict) and name in value


Attempt = Annotated[
    Annotated[str, Field(min_length=1, max_length=attempts.LONGEST_KEY)] | None,
    Field(
        description=f"a text of at most {attempts.LONGEST_KEY} characters: random and the page's own, by "
        "which DELETE takes the start back within two minutes"
    ),
]


class Beginning(BaseModel):
    """A new session."""

    character: str = Field(description="the address of a character, such as captain-marlow")
    metadata: dict[str, Any] | None = Field(default=None, description="a JSON object: kept with the session")
    # Anything but true is none.
    draft: Annotated[bool, BeforeValidator(lambda value: value is True)] = Field(
        default=False, description="whether an editor talks with what is not published"
    )
    follows: Annotated[str | None, BeforeValidator(lambda value: None if value is None else str(value))] = (
        Field(
            default=None,
            description="the id of a session of one's own: the new one begins with the end of that one, "
            "which may be over",
            json_schema_extra={"format": "uuid"},
        )
    )


class Return(BaseModel):
    """A way back into a session of one's own."""

    session: Annotated[str, BeforeValidator(str), WithJsonSchema({"type": "string", "format": "uuid"})] = (
        Field(description="the id of a session")
    )


class Start(BaseModel):
    """A start; whoever names a session goes on with it."""

    transport: Literal["websocket", "webrtc"] = Field("websocket", description="`websocket` or `webrtc`")
    attempt: Attempt = None
    body: Annotated[
        Annotated[Beginning, Tag("begin")] | Annotated[Return, Tag("return")],
        Discriminator(lambda value: "return" if _has("session", value) else "begin"),
    ] = Field(description="a JSON object with `character` or `session`")


class TakenBack(BaseModel):
    """A start that is taken back."""

    attempt: Attempt = None


class Naming(BaseModel):
    """A session's new name."""

    title: str = Field(max_length=MOST_TITLE, description=f"a text of at most {MOST_TITLE} characters")


class Ending(BaseModel):
    """A session's end."""

    state: Literal["ended"]


Change = Annotated[
    Annotated[Naming, Tag("name")] | Annotated[Ending, Tag("end")],
    Discriminator(lambda value: "end" if _has("state", value) and value["state"] == "ended" else "name"),
]


def _digits(value: Any) -> Any:
    """A whole number as a query has it, the default for an empty one. Raises ValueError."""
    if value == "":
        return MOST_SESSIONS
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 6):
        raise ValueError("not a whole number of at most five digits")
    return value


class Which(BaseModel):
    """Which of the visitor's sessions."""

    character: str = Field(
        default="",
        pattern="^[-a-zA-Z0-9_]{0,50}$",
        description="the address of a character, such as captain-marlow: only sessions with that one",
    )


class Listing(Which):
    """Which sessions, and how many at a time."""

    q: str = Field(
        default="",
        description=f"words that were said in them, of which the first {MOST_WORDS} characters count",
    )
    limit: Annotated[int, BeforeValidator(_digits)] = Field(
        default=MOST_SESSIONS,
        ge=1,
        le=99_999,
        description=f"a whole number above 0: how many of them, at most {MOST_SESSIONS}",
    )
    after: str = Field(default="", description="`next` of the page before")


class Correction(BaseModel):
    text: str = Field(
        min_length=1,
        max_length=MEMORY_CHARACTERS,
        pattern=r"\S",
        description=f"a text of at most {MEMORY_CHARACTERS} characters, about the visitor",
    )


class Answered(BaseModel):
    character: str = Field(
        pattern="^[-a-zA-Z0-9_]{1,50}$", description="the address of a character, such as captain-marlow"
    )
    agreed: StrictBool = Field(description="true or false")


# --- what it gives ---

Moment = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


class Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class Way(Answer):
    """The way in: the WebSocket's address, and the token that opens it. Nothing else is ever in it."""

    model_config = ConfigDict(extra="forbid")

    ws_url: str
    token: str


class Listed(Answer):
    """A session as the list has it."""

    title: str
    found: str = Field(default="", description="where the words of `q` stand")
    id: UUID
    character: str
    state: str = Field(json_schema_extra={"enum": [*VoiceSession.State.values]})
    created_at: Moment
    active_at: Moment
    expires_at: Moment
    turns: int


class Page(Answer):
    """Sessions, the last active first."""

    sessions: list[Listed]
    next: str = Field(default="", description="there are more, after this")


class Remembered(Answer):
    id: UUID
    text: str = Field(description="about the visitor, such as: has a dog called Pip")
    kind: str = Field(json_schema_extra={"enum": [*MEMORY_KINDS]})
    confidence: float = Field(description="how sure it is, from 0 to 1")
    session: str | None = Field(description="the id of the session it was learnt in")
    at: str = Field(json_schema_extra={"format": "date-time"})
    due: str | None = Field(description="the day that it is about, where it is about one")
    times: int = Field(description="how often it was said, or asked about")


class KnownOfVisitor(Answer):
    character: str
    consent: str = Field(description="yes, no, or empty while nobody has answered")
    consent_at: Moment | None
    memories: list[Remembered]


class KnownPage(Answer):
    known: list[KnownOfVisitor]


class Counts(Answer):
    sessions: int
    turns: int
    summaries: int
    memories: int = 0
    keys: int


class Receipt(Answer):
    """What was erased, how many, and when: data keys go with the rows, so copies elsewhere are noise."""

    erased: Counts
    at: Moment


class TranscriptTurn(Answer):
    """One turn, as it was said."""

    sequence: int
    role: str
    text: str
    interrupted: bool
    at: Moment
    version: str = Field(description="of the character that spoke it, empty for a visitor's turn")
    name: str = Field(description="of the character that spoke it, as it is called now")


class Whole(Answer):
    """Everything that is kept of a session."""

    format: str
    id: UUID
    character: str
    state: str
    created_at: Moment
    ended_at: Moment | None
    metadata: dict[str, Any]
    summary: str | None
    memories: list[Remembered] = Field(description="what the character remembers of the visitor")
    usage: list[Used] = Field(description="what was used of speech and language services")
    turns: list[TranscriptTurn]


class Named(Answer):
    title: str


class Ended(Answer):
    ended: bool = Field(description="whether there was something to end")


class Problem(Answer):
    code: str
    message: str


class Error(Answer):
    """What went wrong, and what to do."""

    error: Problem


DESCRIPTIONS = {
    name: field.description
    for model in (Beginning, Return, Start, Naming, Listing, Correction, Answered, Offer, Candidates)
    for name, field in model.model_fields.items()
}


def sentence(place: tuple[int | str, ...]) -> str:
    """What a client reads whose request has another thing at this place; '' for a place without a name."""
    names = [str(name) for name in place if name in DESCRIPTIONS]
    return f"`{'.'.join(names)}` is {str(DESCRIPTIONS[names[-1]]).partition(': ')[0]}." if names else ""
