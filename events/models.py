"""The event log, its deliveries, and what the people who run the house have set."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from accounts.models import User
from core.ids import uuid7


class Event(models.Model):
    """Something that happened, written in the transaction in which it happened.

    Rows are only ever added; a trigger in the database refuses changes. ``sequence`` and ``hash`` are filled
    in once, later, by the sealer, which numbers committed rows and chains them.
    """

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    #: such as signal.published, order.filled, connection.paused
    kind = models.CharField(max_length=64)
    #: what it happened to: the model's label and its key
    subject_type = models.CharField(max_length=48)
    subject_id = models.CharField(max_length=64)
    #: whose account or connection it concerns; empty for the house
    owner = models.ForeignKey(User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    #: who did it; empty for the system
    actor = models.ForeignKey(User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(default=timezone.now)
    sequence = models.BigIntegerField(null=True, unique=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["owner", "id"], name="event_owner"),
            models.Index(fields=["kind", "id"], name="event_kind"),
            models.Index(fields=["id"], condition=models.Q(sequence__isnull=True), name="event_unsealed"),
            # Events arrive nearly in the order of their time, so a block range finds a day and costs a write nothing.
            BrinIndex(fields=["occurred_at"], name="event_at", autosummarize=True, pages_per_range=16),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id}"


class EventArchive(models.Model):
    """A run of sealed events that left the table for a file. The chain goes on from its last hash.

    The database lets go of an event only if such a row names it, and never of such a row.
    """

    first_sequence = models.BigIntegerField(unique=True)
    last_sequence = models.BigIntegerField(unique=True)
    last_hash = models.CharField(max_length=64)
    file_name = models.CharField(max_length=120)
    #: BLAKE2b of the file's uncompressed lines
    digest = models.CharField(max_length=64)
    archived_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.file_name


class DeliveryStatus(models.TextChoices):
    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"


class Delivery(models.Model):
    """One event on its way to one sink. Written with the event, so that a crash loses neither."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    sink = models.CharField(max_length=32)
    status = models.CharField(max_length=8, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: not before this time; moves ahead with every attempt
    due_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["event", "sink"], name="delivery_once")]
        indexes = [
            models.Index(fields=["sink", "due_at"], condition=models.Q(status="PENDING"), name="delivery_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.sink} <- {self.event_id}"


class OperationalSetting(models.Model):
    """A value that the people who run the house have set; what has no row has its default (``operational``)."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
