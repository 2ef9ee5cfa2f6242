"""Sending notifications by e-mail: what comes together goes together, and nothing goes twice.

A person's first fact opens a window; when it ends, all that has come goes as one mail. A mail is claimed before it is
sent. Three things may then happen, and only one of them allows another try:

* the server took it: SENT.
* it is proven that the server did not take it (no connection, or a refusal): tried again, later each time, then FAILED.
* nobody knows (the connection broke or fell silent after the message began, or the process died): UNCERTAIN. It may
  have been delivered, so it is not sent again; the facts stand in the app either way.
"""

import logging
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Min

from core.clock import Clock
from events import operational, selectors
from events.addresses import absolute, address_of
from events.letters import Line, body_of, subject_of
from events.models import MailStatus, Notification, NotificationMail

logger = logging.getLogger(__name__)

MOST_PEOPLE = 200
#: A round ends after so many, or as soon as the server is in trouble, so that other jobs get their turn.
MOST_MAILS = 100
MOST_ATTEMPTS = 8
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
#: A claim that old is lost: whoever had it is dead, for no server is waited for that long.
LEASE = timedelta(minutes=5)
#: As many facts stand in a mail; the page has all of them.
MOST_LINES = 40


class _NotTaken(Exception):
    """The server provably did not take the mail. ``is_final`` when it never will."""

    def __init__(self, words: str, *, is_final: bool = False) -> None:
        super().__init__(words)
        self.is_final = is_final


class _NoServer(_NotTaken):
    """There is no connection to the server, so nothing else would get through either."""


class _Unknown(Exception):
    """The server may have taken the mail."""


@dataclass(frozen=True, slots=True)
class Round:
    """What became of the mails of a round."""

    sent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Tried:
    is_sent: bool
    is_server_in_trouble: bool = False


@transaction.atomic
def gather(*, now: datetime) -> int:
    """Put what waits for longer than the window into mails, one a person; return how many.

    Cost: two statements, and two more for each person.
    """
    waiting = Notification.objects.filter(is_by_mail=True, mail__isnull=True)
    window = operational.value("notifications.mail_window")
    firsts = waiting.order_by().values("user_id").annotate(first=Min("created_at"))
    user_ids = list(firsts.filter(first__lte=now - window).values_list("user_id", flat=True)[:MOST_PEOPLE])
    rows = waiting.filter(user_id__in=user_ids).select_for_update(skip_locked=True, of=("self",))
    by_user: dict[UUID, list[Notification]] = {}
    for row in rows:
        by_user.setdefault(row.user_id, []).append(row)
    mails = {key: NotificationMail(user_id=key, due_at=now, created_at=now) for key in by_user}
    NotificationMail.objects.bulk_create(mails.values())
    for key, mine in by_user.items():
        Notification.objects.filter(pk__in=[row.pk for row in mine]).update(mail=mails[key])
    return len(mails)


def send_due(*, clock: Clock) -> Round:
    """Send what is due, one claim at a time; end the round when the server is in trouble."""
    give_up_lost(now=clock())
    sent = failed = 0
    connection = get_connection()
    try:
        while sent + failed < MOST_MAILS and (mail := _claim(clock())) is not None:
            tried = _send(mail, connection, clock)
            sent, failed = sent + tried.is_sent, failed + (not tried.is_sent)
            if tried.is_server_in_trouble:
                break
    finally:
        _close(connection)
    return Round(sent, failed)


def give_up_lost(*, now: datetime) -> int:
    """Note which mails were being sent by somebody who died: they may have left, and are not sent again."""
    lost = NotificationMail.objects.filter(status=MailStatus.SENDING, due_at__lte=now)
    return lost.update(status=MailStatus.UNCERTAIN, last_error="Whoever was sending it never said how it ended.")


@transaction.atomic
def _claim(now: datetime) -> NotificationMail | None:
    due = NotificationMail.objects.filter(status=MailStatus.PENDING, due_at__lte=now).order_by("due_at")
    mail = due.select_related("user").select_for_update(skip_locked=True, of=("self",)).first()
    if mail is None:
        return None
    mail.status, mail.due_at, mail.attempts = MailStatus.SENDING, now + LEASE, mail.attempts + 1
    mail.save(update_fields=["status", "due_at", "attempts"])
    return mail


def _send(mail: NotificationMail, connection: BaseEmailBackend, clock: Clock) -> _Tried:
    """Send a claimed mail and note how it went."""
    if mail.user_id not in selectors.reachable_among([mail.user_id]):
        _note(mail, MailStatus.DROPPED, clock(), "The person is inactive or has no verified address.")
        return _Tried(is_sent=False)
    try:
        _hand_over(_message(mail), connection)
    except _NotTaken as error:
        _note_refusal(mail, error, clock())
        return _Tried(is_sent=False, is_server_in_trouble=isinstance(error, _NoServer))
    except _Unknown as error:
        logger.warning("Nobody knows whether mail %s was taken: %s", mail.pk, error)
        _note(mail, MailStatus.UNCERTAIN, clock(), str(error))
        return _Tried(is_sent=False, is_server_in_trouble=True)
    _note(mail, MailStatus.SENT, clock(), "")
    return _Tried(is_sent=True)


def _note_refusal(mail: NotificationMail, error: _NotTaken, now: datetime) -> None:
    is_over = error.is_final or mail.attempts >= MOST_ATTEMPTS
    logger.warning("Mail %s was not taken at attempt %d: %s", mail.pk, mail.attempts, error)
    wait = min(FIRST_WAIT * 2 ** (mail.attempts - 1), LONGEST_WAIT)
    _note(mail, MailStatus.FAILED if is_over else MailStatus.PENDING, now, str(error), due_at=now + wait)


def _note(
    mail: NotificationMail, status: MailStatus, now: datetime, error: str, *, due_at: datetime | None = None
) -> None:
    mail.status, mail.last_error, mail.due_at = status, error[:300], due_at or now
    sent_at = now if status is MailStatus.SENT else None
    # Filtered by attempt: whoever comes back after his claim was given up tells what he knows, unless it was moved on.
    NotificationMail.objects.filter(
        pk=mail.pk, attempts=mail.attempts, status__in=[MailStatus.SENDING, MailStatus.UNCERTAIN]
    ).update(status=status, last_error=mail.last_error, due_at=mail.due_at, sent_at=sent_at)


def _hand_over(message: EmailMessage, connection: BaseEmailBackend) -> None:
    """Give a message to the server.

    Raises:
        _NotTaken: it provably has not taken it.
        _Unknown: it may have.
    """
    try:
        connection.open()
    except Exception as error:
        # Nothing of the message has left.
        raise _NoServer(_words(error)) from error
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _NotTaken(_words(error), is_final=all(code >= 500 for code in codes)) from error
    except smtplib.SMTPResponseException as error:
        # The server answered, and its answer was no. That may be a setting of ours, which somebody will correct.
        raise _NotTaken(_words(error)) from error
    except Exception as error:
        raise _Unknown(_words(error)) from error


def _message(mail: NotificationMail) -> EmailMessage:
    rows: Sequence[Notification] = list(mail.notifications.order_by("occurred_at", "pk")[: MOST_LINES + 1])
    more = mail.notifications.count() - MOST_LINES if len(rows) > MOST_LINES else 0
    lines = [
        Line(row.title, row.detail, row.occurred_at, absolute(path) if (path := _path(row)) else "")
        for row in rows[:MOST_LINES]
    ]
    return EmailMessage(
        subject=subject_of(lines, more=more),
        body=body_of(
            lines,
            more=more,
            zone=mail.user.time_zone,
            all_at=absolute("/me/notifications/"),
            choices_at=absolute("/me/notifications/choices/"),
        ),
        to=[mail.user.email],
        # The same at every try, so that a mailbox that gets it twice after all may show it once.
        headers={
            "Message-ID": f"<{mail.pk}@{urlsplit(settings.SITE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )


def _path(row: Notification) -> str:
    return address_of(kind=row.kind, subject_type=row.subject_type, subject_id=row.subject_id)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError) as error:
        logger.info("The connection to the mail server did not end well: %s", error)
