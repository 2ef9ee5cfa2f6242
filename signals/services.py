"""Taking signals in, and moving them from draft to published and beyond."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from core.decimals import to_plain
from core.machine import next_state
from events import operational
from events import services as events
from events.catalogue import Kind
from marketdata import selectors as marketdata
from signals import selectors
from signals.models import Channel, Signal, SignalVersion
from signals.rules import TABLE, InvalidSignal, SignalEvent, SignalStatus, Terms, read_terms


class SignalError(Exception):
    """A signal cannot do what was asked of it."""


class DuplicateSignal(SignalError):
    """The same signal came in before."""

    def __init__(self, message: str, first: Signal) -> None:
        super().__init__(message)
        self.first = first


class StaleSignal(SignalError):
    """Somebody else moved the signal first."""


@transaction.atomic
def create_signal(
    *,
    channel: Channel,
    data: Mapping[str, Any],
    author: User | None,
    now: datetime,
    source: str = "page",
    external_id: str = "",
) -> Signal:
    """Take a signal in as a draft, after checking everything that can be checked without an account.

    Raises:
        InvalidSignal: a field does not fit, or no venue we know lists the pair.
        DuplicateSignal: the sender's id came before, or the same content within the window.
    """
    entry = data.get("order_type") or operational.value("signals.default_order_type")
    terms = read_terms({**data, "order_type": entry}, now=now)
    _check_is_listed(terms.currency_pair)
    content_hash = _content_hash(channel, terms)
    _refuse_duplicate(source, external_id, content_hash, now)
    signal = Signal(
        channel=channel,
        author=author,
        source=source,
        external_id=external_id,
        content_hash=content_hash,
        note=str(data.get("note") or "")[:2000],
        created_at=now,
    )
    _put_terms(signal, terms)
    try:
        with transaction.atomic():
            signal.save(force_insert=True)
    except IntegrityError:
        first = Signal.objects.get(source=source, external_id=external_id)
        raise DuplicateSignal(f"{source} sent {external_id!r} before.", first) from None
    _keep_version(signal, terms, author, now)
    return signal


@transaction.atomic
def approve(*, signal: Signal, actor: User | None, now: datetime) -> Signal:
    """Let a draft be published.

    Raises:
        IllegalTransition: it is no draft. StaleSignal: somebody else moved it first.
    """
    _move(signal, SignalEvent.APPROVE, approved_at=now)
    _note(Kind.SIGNAL_APPROVED, signal, actor, now)
    return signal


@transaction.atomic
def publish(*, signal: Signal, actor: User | None, now: datetime) -> Signal:
    """Publish an approved signal: status and event in one transaction; the fan-out starts after its commit.

    Raises:
        IllegalTransition: it is not approved. InvalidSignal: it has expired meanwhile. StaleSignal.
    """
    if signal.expires_at is not None and signal.expires_at <= now:
        raise InvalidSignal(
            "expires_at", "EXPIRY_PAST", f"The signal expired at {signal.expires_at:%Y-%m-%d %H:%M:%S} UTC."
        )
    if not signal.channel.is_active:
        raise InvalidSignal("channel", "CHANNEL_INACTIVE", f"The channel {signal.channel.name} is not active.")
    _move(signal, SignalEvent.PUBLISH, published_at=now)
    _note(Kind.SIGNAL_PUBLISHED, signal, actor, now, version=signal.version)
    return signal


@transaction.atomic
def withdraw(*, signal: Signal, actor: User | None, now: datetime) -> Signal:
    """Take a signal back: entries that have not left are skipped, resting ones cancelled; positions stay.

    Raises:
        IllegalTransition: it was withdrawn or has expired. StaleSignal.
    """
    was_published = signal.published_at is not None
    _move(signal, SignalEvent.WITHDRAW, withdrawn_at=now)
    if was_published:
        _note(Kind.SIGNAL_WITHDRAWN, signal, actor, now)
    return signal


def expire_due(*, now: datetime, limit: int = 500) -> int:
    """Move every signal whose time has passed to EXPIRED and return how many."""
    expired = 0
    for signal in selectors.due_to_expire(now=now, limit=limit):
        was_published = signal.published_at is not None
        try:
            with transaction.atomic():
                _move(signal, SignalEvent.EXPIRE, expired_at=now)
                if was_published:
                    _note(Kind.SIGNAL_EXPIRED, signal, None, now)
        except StaleSignal:
            continue  # published, withdrawn or expired by somebody else meanwhile
        expired += 1
    return expired


def _move(signal: Signal, event: SignalEvent, **stamps: datetime) -> None:
    before = SignalStatus(signal.status)
    after = next_state(TABLE, before, event)
    moved = Signal.objects.filter(pk=signal.pk, status=before).update(status=after, **stamps)
    if moved != 1:
        raise StaleSignal(f"The signal is no longer {before}; reload it.")
    signal.status = after
    for name, value in stamps.items():
        setattr(signal, name, value)


def _check_is_listed(pair: str) -> None:
    base, _, quote = pair.partition("/")
    if marketdata.is_pair_listed(base, quote) is False:
        raise InvalidSignal("currency_pair", "UNKNOWN_SYMBOL", f"No connected venue lists {pair}.")


def _refuse_duplicate(source: str, external_id: str, content_hash: str, now: datetime) -> None:
    if external_id:
        first = Signal.objects.filter(source=source, external_id=external_id).first()
        if first is not None:
            raise DuplicateSignal(f"{source} sent {external_id!r} before.", first)
        return
    window = operational.value("signals.duplicate_window")
    first = selectors.same_content(content_hash=content_hash, since=now - window) if window else None
    if first is not None:
        raise DuplicateSignal(
            f"The same signal came in at {first.created_at:%Y-%m-%d %H:%M:%S} UTC; change it, or give it an own id.",
            first,
        )


def _content_hash(channel: Channel, terms: Terms) -> str:
    text = json.dumps([str(channel.pk), terms_as_json(terms)], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def terms_as_json(terms: Terms) -> dict[str, Any]:
    """Return terms as JSON: numbers as text, times in ISO format."""

    def text(number: Any) -> str | None:
        return None if number is None else to_plain(number)

    return {
        "currency_pair": terms.currency_pair,
        "direction": terms.direction,
        "order_type": terms.order_type,
        "open_price": text(terms.open_price),
        "sl": text(terms.sl),
        "targets": [{"price": text(target.price), "share": text(target.share)} for target in terms.targets],
        "time_in_force": terms.time_in_force,
        "expires_at": terms.expires_at.isoformat() if terms.expires_at else None,
        "max_drift_bps": text(terms.max_drift_bps),
    }


def _put_terms(signal: Signal, terms: Terms) -> None:
    signal.currency_pair = terms.currency_pair
    signal.direction = terms.direction
    signal.order_type = terms.order_type
    signal.open_price = terms.open_price
    signal.sl = terms.sl
    signal.targets = terms_as_json(terms)["targets"]
    signal.time_in_force = terms.time_in_force
    signal.expires_at = terms.expires_at
    signal.max_drift_bps = terms.max_drift_bps


def _keep_version(signal: Signal, terms: Terms, author: User | None, now: datetime) -> None:
    SignalVersion.objects.create(
        signal=signal, version=signal.version, terms=terms_as_json(terms), author=author, created_at=now
    )


def _note(kind: Kind, signal: Signal, actor: User | None, now: datetime, **data: Any) -> None:
    events.append(
        events.NewEvent(
            kind=kind,
            subject_type="signals.signal",
            subject_id=str(signal.pk),
            owner_id=signal.channel.owner_id,
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data={
                "channel": signal.channel.name,
                "pair": signal.currency_pair,
                "direction": signal.direction,
                **data,
            },
        )
    )
