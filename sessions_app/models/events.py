"""Events on their way out of here: who listens, and an outbox. Words in it are as sealed as the session's."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from sessions_app.crypto import SealedRow


class EventKind(models.TextChoices):
    """What is told of. The values are what receivers read."""

    STARTED = "session.started", _("a conversation began")
    RESUMED = "session.resumed", _("its visitor came back")
    ENDED = "session.ended", _("it ended")
    TURN = "turn.finished", _("either side finished a turn")
    TOOL = "tool.called", _("a tool was called")
    MEMORY = "memory.learnt", _("something was remembered")
    ERROR = "error.reported", _("a provider reported an error")
    TEST = "endpoint.test", _("a test")


TELLING = [kind for kind in EventKind if kind != EventKind.TEST]


def every_kind() -> list[str]:
    return [str(kind) for kind in TELLING]


class EventEndpoint(SealedRow):
    """An address that is told of events. Its secrets sign them, and are sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80, help_text=_("Who listens there?"))
    url = models.URLField(
        _("address"),
        max_length=500,
        help_text=_("It begins with https://. Events are posted to it."),
    )
    kinds = ArrayField(
        models.CharField(max_length=20, choices=[(kind.value, kind.label) for kind in TELLING]),
        verbose_name=_("events"),
        default=every_kind,
    )
    with_words = models.BooleanField(
        _("with words"),
        default=False,
        help_text=_(
            "What was said, what tools were given and answered, what was remembered, and the conversation's "
            "metadata. Without it no event has any of that."
        ),
    )
    active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("One that is not active is told of nothing new; what waits for it waits on."),
    )
    note = models.CharField(_("note"), max_length=200, blank=True, editable=False)
    sealed_secrets = models.BinaryField(null=True, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    delivered_at = models.DateTimeField(_("last delivered"), null=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    resting_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("event endpoint")
        verbose_name_plural = _("event endpoints")

    def __str__(self) -> str:
        return self.name


class OutboxEvent(models.Model):
    """An event on its way to one endpoint. Those of one lane, which is a session's, go in order."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    id = models.BigAutoField(primary_key=True)  # a later event of a lane has a higher one
    message = models.UUIDField(_("number"), db_default=RandomUUID(), unique=True, editable=False)
    # No constraint: what is told of never waits for an endpoint, nor fails with it.
    endpoint = models.ForeignKey(
        EventEndpoint, on_delete=models.CASCADE, db_constraint=False, verbose_name=_("endpoint")
    )
    kind = models.CharField(_("event"), max_length=20, choices=EventKind.choices)
    lane = models.UUIDField(db_default=RandomUUID())
    session_id = models.UUIDField(_("conversation"), null=True)
    about = models.UUIDField(null=True)  # a turn's identity, or a memory's id
    facts = models.JSONField(_("facts"))  # no words
    sealed = models.BinaryField(null=True)  # the words, as they lie sealed at their own place
    place = models.CharField(max_length=60, blank=True, db_default="")  # what else it takes to open them
    at = models.DateTimeField(_("when"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING, db_default=State.WAITING
    )
    tries = models.PositiveIntegerField(_("tries"), default=0, db_default=0)
    due_at = models.DateTimeField(_("next try"), null=True)
    lease_by = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(_("settled"), null=True)
    outcome = models.CharField(_("outcome"), max_length=100, blank=True, db_default="")
    took_ms = models.PositiveIntegerField(_("milliseconds"), null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        default_permissions: ClassVar = ("view", "change")
        verbose_name = _("event delivery")
        verbose_name_plural = _("event deliveries")
        indexes: ClassVar = [
            models.Index(
                fields=["endpoint", "lane", "id"], name="outbox_lanes", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["session_id"], name="outbox_session"),
            models.Index(fields=["about"], name="outbox_memory", condition=models.Q(kind="memory.learnt")),
            models.Index(
                fields=["settled_at"],
                name="outbox_settled",
                condition=models.Q(settled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        when = formats.date_format(timezone.localtime(self.at), "DATETIME_FORMAT")
        return f"{self.get_kind_display()}, {when}"
