"""Models of sessions and of the turns spoken in them. Only sealed words are stored."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from characters.models import Character


class VoiceSession(models.Model):
    """One visitor's conversation with one character, across as many connections as it takes."""

    class State(models.TextChoices):
        CREATED = "created", _("created")
        ACTIVE = "active", _("active")
        IDLE = "idle", _("idle")
        ENDED = "ended", _("ended")
        EXPIRED = "expired", _("expired")

    LIVE: ClassVar[tuple[str, ...]] = (State.CREATED, State.ACTIVE, State.IDLE)

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    character = models.ForeignKey(
        Character,
        on_delete=models.PROTECT,
        to_field="slug",
        db_column="character",
        verbose_name=_("character"),
    )
    version = models.PositiveIntegerField(
        _("version"), default=0
    )  # of the character, when the session was made
    draft = models.BooleanField(_("draft"), default=False)  # an editor tries out what is not published
    visitor = models.CharField(_("visitor's key"), max_length=80)  # user:<pk> or anon:<hash>, see visitors.py
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.CREATED)

    created_at = models.DateTimeField(_("begun"))
    active_at = models.DateTimeField(_("last active"))  # last activity
    expires_at = models.DateTimeField(_("expires"), db_index=True)  # slides with activity
    deadline_at = models.DateTimeField()  # the absolute end
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=40, blank=True)

    connection = models.UUIDField(null=True, blank=True)  # the live connection; fences off an older one
    connections = models.PositiveIntegerField(_("connections"), default=0)
    token_hash = models.CharField(max_length=64, blank=True)
    token_until = models.DateTimeField()
    token_used = models.BooleanField(default=False)  # a client that brings it again is the same one

    revision = models.PositiveIntegerField(default=0)  # counts changes, so that a cache knows the newer one
    metadata = models.BinaryField()  # sealed
    metadata_sequence = models.PositiveIntegerField(default=0)
    turns = models.PositiveIntegerField(_("turns"), default=0)
    client_version = models.CharField(max_length=20, blank=True)  # RTVI, once the client was ready
    greeted = models.BooleanField(default=False, db_default=False)  # a greeting has sounded
    latency_ms = models.PositiveIntegerField(null=True, blank=True)  # median of the last connection's replies
    connected_secs = models.PositiveIntegerField(default=0)  # of all connections together
    errors = models.PositiveIntegerField(_("errors"), default=0)  # that a provider or the pipeline reported
    # Above it the connection that has the session numbers its turns: an earlier one may still write below.
    sequence_floor = models.PositiveIntegerField(default=0, db_default=0)
    settled = models.BooleanField(default=True, db_default=True)  # nobody has turns that are not written yet
    secret_hash = models.CharField(max_length=64, blank=True, default="", db_default="")  # see tokens.py
    opened_from = models.CharField(max_length=64, blank=True, default="", db_default="")
    api_key = models.PositiveBigIntegerField(default=0, db_default=0)  # by which it began; 0: none

    class Meta:
        ordering: ClassVar = ["-active_at"]
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        permissions: ClassVar = [
            ("read_transcript", gettext_noop("Can read what was said in voice sessions"))
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "expires_at"], name="session_due"),
            models.Index(fields=["visitor", "-active_at"], name="session_list"),
            models.Index(
                fields=["ended_at"], name="session_over", condition=models.Q(ended_at__isnull=False)
            ),
            models.Index(
                fields=["active_at"],
                name="session_unused",
                condition=models.Q(connections=0, turns=0),
            ),
        ]

    def __str__(self) -> str:
        began = formats.date_format(timezone.localtime(self.created_at), "DATETIME_FORMAT")
        return f"{self.character_id}, {began}"


class DataKey(models.Model):
    """A session's data key, wrapped. Backups leave this table out, see deploy/backup.sh."""

    session = models.OneToOneField(
        VoiceSession, on_delete=models.CASCADE, primary_key=True, related_name="data_key"
    )
    key_id = models.CharField(max_length=32, db_index=True)
    wrapped_key = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.session_id} under {self.key_id}"


class Erasure(models.Model):
    """The journal of removed sessions, memories and documents, without words: what a restored backup brings
    back is removed again.

    A document that was given again after its erasure stays: it is another one with the same file.
    """

    # Or that of a memory, of all memories together; of a document the first half of its file's SHA-256.
    session_id = models.UUIDField(primary_key=True)
    erased_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.session_id)


class Scope(models.TextChoices):
    """What an API key is for."""

    START = "sessions:start", _("begin conversations")
    READ = "sessions:read", _("read every conversation")
    WRITE = "sessions:write", _("name, end and erase every conversation")
    MEMORIES = "memories", _("read, correct and erase what characters remember")
    EVENTS = "events", _("see events and have them sent again")


def to_start() -> list[str]:
    return [str(Scope.START)]


class ApiKey(models.Model):
    """How another page or program begins conversations here: see apikeys.py. Only a hash is kept."""

    name = models.CharField(_("name"), max_length=80, help_text=_("Whose key is it?"))
    origins = models.JSONField(
        _("pages"),
        default=list,
        blank=True,
        help_text=_("From which pages it works in a browser, such as https://partner.example."),
    )
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices), verbose_name=_("what for"), default=to_start
    )
    shown = models.CharField(_("begins with"), max_length=16, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name


class SessionTurn(models.Model):
    """One finished utterance of either side: appended once, never rewritten."""

    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="history")
    sequence = models.PositiveIntegerField()
    role = models.CharField(max_length=10)  # user, assistant or tool
    interrupted = models.BooleanField(default=False)
    version = models.CharField(max_length=70, blank=True)  # who spoke it, such as captain-marlow@3
    latency_ms = models.PositiveIntegerField(null=True)  # from the end of the question to its first sound
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)
    # Given when the turn is made: written again, it is the same one.
    identity = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)

    class Meta:
        ordering: ClassVar = ["sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "sequence"], name="one_turn_a_sequence")
        ]

    def __str__(self) -> str:
        return f"{self.session_id}:{self.sequence}"


class SessionSummary(models.Model):
    """What a session's older turns came to. Each later one covers more; the newest is read."""

    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="summaries")
    upto = models.PositiveIntegerField()  # the last turn that it covers
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-upto"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "upto"], name="one_summary_a_turn")
        ]

    def __str__(self) -> str:
        return f"{self.session_id}:..{self.upto}"
