"""Mails: one for what comes together, tried again when it was not taken, never sent twice."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from accounts.models import User
from events import mailing
from events.mailing import MOST_ATTEMPTS, MOST_LINES, gather, send_due
from events.models import MailStatus, NotificationMail
from events.notifying import notify
from tests.events.telling import make_event, told
from tests.people import NOON

LATER = NOON + timedelta(minutes=1)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def only_mail() -> NotificationMail:
    return NotificationMail.objects.get()


@pytest.fixture
def mail(alice: User) -> NotificationMail:
    """A mail to Alice that is due."""
    told(alice)
    gather(now=LATER)
    return only_mail()


class TestGather:
    def test_makes_one_mail_of_a_burst(self, ada: User, mailoutbox: list[EmailMessage]) -> None:
        notify(event_ids=[make_event(owner=None) for _ in range(1000)], now=NOON)

        assert gather(now=LATER) == 1
        assert send_due(clock=at(LATER)).sent == 1
        (message,) = mailoutbox
        assert message.to == [ada.email]
        assert message.subject.startswith("[Signalbox] 1000 notifications")
        assert f"... and {1000 - MOST_LINES} more." in str(message.body)

    def test_waits_until_the_window_ends(self, alice: User) -> None:
        told(alice)

        assert gather(now=NOON + timedelta(seconds=29)) == 0
        assert gather(now=NOON + timedelta(seconds=30)) == 1

    def test_takes_no_fact_twice(self, alice: User) -> None:
        told(alice)

        assert gather(now=LATER) == 1
        assert gather(now=LATER) == 0

    def test_keeps_people_apart(self, alice: User, charlie: User, mailoutbox: list[EmailMessage]) -> None:
        told(alice)
        told(charlie)
        gather(now=LATER)
        send_due(clock=at(LATER))

        assert sorted(message.to for message in mailoutbox) == [[alice.email], [charlie.email]]


class TestSend:
    def test_says_what_happened_and_where_to_look(
        self, mail: NotificationMail, mailoutbox: list[EmailMessage]
    ) -> None:
        send_due(clock=at(LATER))

        (message,) = mailoutbox
        (row,) = mail.notifications.all()
        assert message.subject == "[Signalbox] Failed: buy BTC/USDT on Main"
        assert f"/executions/{row.subject_id}/" in str(message.body)
        assert "/me/notifications/choices/" in str(message.body)
        assert "2026-11-21 12:00:00 UTC" in str(message.body)
        assert only_mail().status == MailStatus.SENT
        assert only_mail().sent_at == LATER

    def test_sends_once(self, mail: NotificationMail, mailoutbox: list[EmailMessage]) -> None:
        send_due(clock=at(LATER))
        send_due(clock=at(LATER + timedelta(days=1)))

        assert len(mailoutbox) == 1

    def test_drops_what_nobody_may_get_any_more(
        self, alice: User, mail: NotificationMail, mailoutbox: list[EmailMessage]
    ) -> None:
        EmailAddress.objects.filter(user=alice).update(verified=False)

        send_due(clock=at(LATER))

        assert mailoutbox == []
        assert only_mail().status == MailStatus.DROPPED

    def test_forgets_the_mails_of_somebody_who_was_deleted(
        self, alice: User, mail: NotificationMail, mailoutbox: list[EmailMessage]
    ) -> None:
        alice.delete()

        assert send_due(clock=at(LATER)).sent == 0
        assert mailoutbox == []


@pytest.fixture
def server(settings: object) -> Iterator[socket.socket]:
    """A mail server's port; what it says is up to the test."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"  # type: ignore[attr-defined]
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = listening.getsockname()[1], 0.3  # type: ignore[attr-defined]
        yield listening


def play(listening: socket.socket, *, answers: dict[bytes, bytes]) -> "list[bytes]":
    """Serve one conversation: a word to each command, "250 ok" if not given; b"" falls silent. Return the commands."""
    heard: list[bytes] = []
    conversation, _ = listening.accept()
    with conversation, conversation.makefile("rb") as lines:
        conversation.sendall(b"220 here\r\n")
        in_message = False
        for line in lines:
            word = b"." if in_message else line[:4].upper().strip()
            if in_message and line != b".\r\n":
                continue
            heard.append(word)
            answer = answers.get(word, b"354 go on" if word == b"DATA" else b"250 ok")
            in_message = word == b"DATA" and answer.startswith(b"354")
            if not answer:
                continue
            conversation.sendall(answer + b"\r\n")
    return heard


class TestServerInTrouble:
    """Against a real socket."""

    def test_refuses_the_connection(self, server: socket.socket, mail: NotificationMail) -> None:
        server.close()

        send_due(clock=at(LATER))

        waiting = only_mail()
        assert (waiting.status, waiting.attempts) == (MailStatus.PENDING, 1)
        assert "ConnectionRefusedError" in waiting.last_error
        assert waiting.due_at > LATER

    def test_never_says_a_word(self, server: socket.socket, mail: NotificationMail) -> None:
        send_due(clock=at(LATER))  # it listens, and nobody accepts

        assert only_mail().status == MailStatus.PENDING
        assert "timed out" in only_mail().last_error

    def test_falls_silent_after_the_message(self, server: socket.socket, mail: NotificationMail) -> None:
        """It may have kept the message, so it does not get it again."""
        with ThreadPoolExecutor(1) as pool:
            heard = pool.submit(play, server, answers={b".": b""})
            send_due(clock=at(LATER))

        assert b"." in heard.result()
        assert only_mail().status == MailStatus.UNCERTAIN
        assert send_due(clock=at(LATER + timedelta(days=1))).sent == 0
        assert only_mail().attempts == 1

    def test_says_no_for_now(self, server: socket.socket, mail: NotificationMail) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(play, server, answers={b".": b"451 later"})
            send_due(clock=at(LATER))

        assert only_mail().status == MailStatus.PENDING
        assert "451" in only_mail().last_error

    def test_says_no_for_ever(self, server: socket.socket, mail: NotificationMail) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(play, server, answers={b"RCPT": b"550 nobody here"})
            send_due(clock=at(LATER))

        assert only_mail().status == MailStatus.FAILED
        assert "nobody here" in only_mail().last_error

    def test_takes_it_at_the_second_try(self, server: socket.socket, mail: NotificationMail) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(play, server, answers={b".": b"451 later"})
            send_due(clock=at(LATER))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(play, server, answers={})
            assert send_due(clock=at(LATER + timedelta(minutes=5))).sent == 1

        assert (only_mail().status, only_mail().attempts, only_mail().last_error) == (MailStatus.SENT, 2, "")


class TestRetry:
    @pytest.fixture(autouse=True)
    def _no_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(backend: EmailBackend) -> None:
            raise smtplib.SMTPConnectError(421, "Not now.")

        monkeypatch.setattr(EmailBackend, "open", refuse)

    def test_ends_after_so_many_attempts(self, mail: NotificationMail) -> None:
        moment = LATER
        for _ in range(MOST_ATTEMPTS + 3):
            send_due(clock=at(moment))
            moment += timedelta(hours=1)

        given_up = only_mail()
        assert (given_up.status, given_up.attempts) == (MailStatus.FAILED, MOST_ATTEMPTS)
        assert "Not now." in given_up.last_error

    def test_waits_longer_each_time(self, mail: NotificationMail) -> None:
        send_due(clock=at(LATER))
        first = only_mail().due_at - LATER
        again = LATER + first
        send_due(clock=at(again))

        assert only_mail().due_at - again == 2 * first

    def test_costs_one_mail_an_attempt_while_the_server_is_away(self, alice: User, charlie: User) -> None:
        told(alice)
        told(charlie)
        gather(now=LATER)

        assert send_due(clock=at(LATER)).failed == 1
        assert sorted(NotificationMail.objects.values_list("attempts", flat=True)) == [0, 1]


class TestClaim:
    def test_that_nobody_ended_is_not_tried_again(
        self, mail: NotificationMail, mailoutbox: list[EmailMessage]
    ) -> None:
        assert mailing._claim(LATER) is not None  # and then its process died

        send_due(clock=at(LATER + timedelta(minutes=4)))
        assert only_mail().status == MailStatus.SENDING
        send_due(clock=at(LATER + timedelta(minutes=6)))

        assert only_mail().status == MailStatus.UNCERTAIN
        assert mailoutbox == []

    @pytest.mark.django_db(transaction=True)
    def test_is_one_persons_at_a_time(self, alice: User, mailoutbox: list[EmailMessage]) -> None:
        told(alice)
        gather(now=LATER)
        together = threading.Barrier(4)

        def work() -> int:
            try:
                together.wait(20)
                return send_due(clock=at(LATER)).sent
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            assert sum(future.result() for future in [pool.submit(work) for _ in range(4)]) == 1
        assert len(mailoutbox) == 1
