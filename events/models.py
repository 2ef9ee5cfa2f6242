"""The event log, its deliveries, what people were told, and what the people who run the house have set."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from core.ids import uuid7
from events.facts import Concern

_CONCERNS = [(str(each), str(each).replace("_", " ").capitalize()) for each in Concern]


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
            models.Index(fields=["-occurred_at"], name="event_recent"),
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


class MailStatus(models.TextChoices):
    PENDING = "PENDING"  # it leaves when it is due
    SENDING = "SENDING"  # somebody has it, and it may have left
    SENT = "SENT"
    FAILED = "FAILED"  # it never left, and is not tried again
    UNCERTAIN = "UNCERTAIN"  # it may have left, so it is not sent again
    DROPPED = "DROPPED"  # nobody may get it any more


class NotificationMail(models.Model):
    """One e-mail to one person, with all that came together (``events.mailing``)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=MailStatus, default=MailStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: not before this time; while it is being sent, when it counts as lost
    due_at = models.DateTimeField()
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "notification e-mail"
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=MailStatus.values), name="mail_status_known")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(status__in=["PENDING", "SENDING"]), name="mail_under_way"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.pk}"


class Notification(models.Model):
    """What one person is told of one fact, in words that stay as they were."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    #: names the fact (``events.notices``); nobody is told twice of the same
    fact = models.CharField(max_length=200)
    concern = models.CharField(max_length=12, choices=_CONCERNS)
    #: of core.labels.Tone
    tone = models.CharField(max_length=10)
    title = models.CharField(max_length=200)
    detail = models.CharField(max_length=500, blank=True)
    #: what it is about, and the kind of event that told of it
    kind = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=48)
    subject_id = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()
    #: whether lists show it; what goes by mail alone is kept too, so that it goes once
    is_in_app = models.BooleanField()
    read_at = models.DateTimeField(null=True)
    is_by_mail = models.BooleanField()
    #: empty until it is put into one
    mail = models.ForeignKey(
        NotificationMail, null=True, on_delete=models.SET_NULL, related_name="notifications", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "fact"], name="notification_once"),
            models.CheckConstraint(
                condition=models.Q(concern__in=[str(each) for each in Concern]), name="notification_concern_known"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], condition=models.Q(is_in_app=True), name="notification_list"),
            models.Index(
                fields=["user"],
                condition=models.Q(is_in_app=True, read_at__isnull=True),
                name="notification_unread",
            ),
            models.Index(
                fields=["user", "created_at"],
                condition=models.Q(is_by_mail=True, mail__isnull=True),
                name="notification_to_mail",
            ),
            models.Index(fields=["mail"], condition=models.Q(mail__isnull=False), name="notification_mail"),
        ]

    def __str__(self) -> str:
        return self.title


class NotificationChoice(models.Model):
    """How a person wants to be told of a concern; without a row, its default holds (``events.facts``)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    concern = models.CharField(max_length=12, choices=_CONCERNS)
    in_app = models.BooleanField()
    by_mail = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "concern"], name="notification_choice_once")]

    def __str__(self) -> str:
        return f"{self.concern} {self.in_app} {self.by_mail}"


class OperationalSetting(models.Model):
    """A value that the people who run the house have set; what has no row has its default (``operational``)."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
