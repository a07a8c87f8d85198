"""Sessions and connections: how long, how many, how often, how much."""

from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.environment.kinds import Kind, Number, Switch, Text, Whole


def _store(known: dict[str, str]) -> str:
    # Without Redis each process would have a cache of its own, which commands in another could not clear.
    return "cached_db" if known.get("REDIS_URL") else "db"


class Sessions(BaseModel):
    """Sessions and limits"""

    SESSION_TTL: Whole = Field(
        default=24 * 3600, ge=1, description="seconds that a session lives after it was last used"
    )
    SESSION_IDLE_TIMEOUT: Whole = Field(
        default=300, ge=1, description="seconds of silence that end a connection"
    )
    SESSION_MAX_DURATION: Whole = Field(
        default=7 * 24 * 3600, ge=1, description="seconds after which a session ends, whatever happens"
    )
    SESSION_RETENTION: Whole = Field(
        default=30 * 24 * 3600, ge=0, description="seconds after its end when nothing of it is left"
    )
    KEEP_SENSITIVE_MEMORIES: Switch = Field(
        default=False,
        description="whether characters that remember may keep what is said of third persons, health, faith, "
        "politics and sexuality",
    )
    WEBHOOK_SIGNING_KEY: Text = Field(
        default="",
        description="signs what webhooks of tools send, so that their servers know where it is from",
    )
    EVENTS_RETRY: Whole = Field(
        default=3 * 24 * 3600, ge=0, description="seconds after which an event that fails is given up"
    )
    EVENTS_GIVE_UP: Whole = Field(
        default=5 * 24 * 3600,
        ge=3600,
        description="seconds of nothing but failures after which an event endpoint is switched off",
    )
    EVENTS_RETENTION: Whole = Field(
        default=7 * 24 * 3600,
        ge=0,
        description="seconds that events are kept once they were delivered or given up, to be sent again",
    )
    DOCUMENT_MAX_MEGABYTES: Whole = Field(
        default=32, ge=1, le=64, description="of a file that a writer gives to a character as a document"
    )
    DOCUMENTS_PER_CHARACTER: Whole = Field(default=50, ge=1, description="documents of one character")
    DOCUMENT_PIECES_PER_CHARACTER: Whole = Field(
        default=20_000, ge=1, description="pieces of all its documents, of some 120 words"
    )
    DOCUMENT_PGVECTOR_PIECES: Whole = Field(
        default=50_000,
        ge=1,
        description="pieces of one character from which on PostgreSQL searches them, where it has pgvector; "
        "below, and without it, memory does",
    )
    SESSION_MAX_TURNS: Whole = Field(default=4000, ge=1, description="turns after which a session ends")
    SESSION_STORE: Annotated[
        str, Kind("str", "memory, cache, db, cached_db, a name that an app adds, or a dotted path")
    ] = Field(
        default_factory=_store,
        pattern=r"^\w+(\.\w+)*$",
        description="where sessions are kept; cached_db where there is a Redis",
    )
    ALLOW_ANONYMOUS: Switch = Field(
        default=True, description="visitors without an account, known by a signed cookie"
    )
    MAX_SESSIONS_PER_WORKER: Whole = Field(
        default=64, ge=0, description="connections of one process; more are told to come back"
    )
    MAX_LOAD: Number = Field(
        default=0.85,
        gt=0,
        description="share of the event loop or the cores, beyond which a process takes nobody new",
    )
    MAX_SESSIONS_PER_VISITOR: Whole = Field(default=3, ge=0, description="connections of one visitor at once")
    CONNECTIONS_PER_ADDRESS: Whole = Field(
        default_factory=lambda known: max(1, known["MAX_SESSIONS_PER_WORKER"] * 3 // 4),
        ge=0,
        description="open at once; three quarters of a process, so that no address takes every seat",
    )
    STARTS_PER_ADDRESS: Whole = Field(default=120, ge=0, description="starts a minute from one address")
    STARTS_PER_VISITOR: Whole = Field(default=20, ge=0, description="starts a minute of one visitor")
    READS_PER_MINUTE: Whole = Field(
        default=120, ge=0, description="of the lists and transcripts of one visitor"
    )
    MAX_MINUTES_PER_DAY: Whole = Field(
        default=0, ge=0, description="of talk of one visitor; 0 for as many as they like"
    )
    MESSAGES_PER_SEC: Whole = Field(
        default=200, ge=1, description="of one connection, on average, without audio"
    )
    AUDIO_SECS_PER_SEC: Number = Field(
        default=1.2, gt=0, description="seconds of sound a second from one connection, on average"
    )
    AUDIO_BURST_SECS: Number = Field(
        default=30, gt=0, description="seconds of sound at once: a stalled line catches up"
    )
    BYTES_BEFORE_AUTHENTICATION: Whole = Field(
        default=2**20, ge=0, description="that a connection may send before it is let in: 10 s of 48 kHz"
    )
    AUTHENTICATE_SECS: Number = Field(default=10, gt=0, description="for a connection to be let in")
    READY_SECS: Number = Field(
        default=20, gt=0, description="for a client that was let in to say that it is ready"
    )
    DRAIN_SECS: Number = Field(
        default=10, ge=0, description="for replies in flight when the server is to stop"
    )
