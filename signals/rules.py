"""What a signal must satisfy before anybody trades it. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from connections.contract import OrderType, Side, TimeInForce
from core.decimals import ONE, ZERO, NotANumber, parse, to_plain

_PAIR = re.compile(r"^[A-Z0-9][A-Z0-9.]{0,19}/[A-Z0-9][A-Z0-9.]{0,19}$")
MOST_TARGETS = 10

Choice = TypeVar("Choice", bound=StrEnum)


class SignalStatus(StrEnum):
    DRAFT = "DRAFT"
    APPROVED = "APPROVED"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class SignalEvent(StrEnum):
    APPROVE = "APPROVE"
    PUBLISH = "PUBLISH"
    WITHDRAW = "WITHDRAW"
    EXPIRE = "EXPIRE"


_S, _E = SignalStatus, SignalEvent

TABLE: dict[tuple[SignalStatus, SignalEvent], SignalStatus] = {
    (_S.DRAFT, _E.APPROVE): _S.APPROVED,
    (_S.DRAFT, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.DRAFT, _E.EXPIRE): _S.EXPIRED,
    (_S.APPROVED, _E.PUBLISH): _S.PUBLISHED,
    (_S.APPROVED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.APPROVED, _E.EXPIRE): _S.EXPIRED,
    (_S.PUBLISHED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.PUBLISHED, _E.EXPIRE): _S.EXPIRED,
}


class InvalidSignal(ValueError):
    """A signal that nobody could trade as it stands. ``field`` names what is wrong, ``code`` is stable."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """One place to take profit."""

    price: Decimal
    #: part of the position, above 0 and at most 1
    share: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """What a provider says, checked."""

    #: such as BTC/USDT
    currency_pair: str
    direction: Side
    order_type: OrderType
    #: limit or stop price of a resting entry; for a market entry the price it was decided at, None when unsaid
    open_price: Decimal | None
    #: None when the signal has no stop
    sl: Decimal | None
    targets: tuple[Target, ...]
    time_in_force: TimeInForce
    #: None when the signal never expires by itself
    expires_at: datetime | None
    #: None when only the accounts' own limits count
    max_drift_bps: Decimal | None


def read_terms(data: Mapping[str, Any], *, now: datetime) -> Terms:
    """Return the terms of a signal as they were entered, checked field by field and against each other.

    Raises:
        InvalidSignal: names the first field that does not fit and what would.
    """
    terms = Terms(
        currency_pair=_pair(data.get("currency_pair")),
        direction=_one_of(Side, "direction", data.get("direction")),
        order_type=_one_of(OrderType, "order_type", data.get("order_type") or OrderType.MARKET),
        open_price=_price("open_price", data.get("open_price")),
        sl=_price("sl", data.get("sl")),
        targets=read_targets(data.get("targets") or ()),
        time_in_force=_one_of(TimeInForce, "time_in_force", data.get("time_in_force") or TimeInForce.GTC),
        expires_at=_moment("expires_at", data.get("expires_at")),
        max_drift_bps=_drift(data.get("max_drift_bps")),
    )
    check_terms(terms, now=now)
    return terms


def check_terms(terms: Terms, *, now: datetime) -> None:
    """Refuse terms that contradict themselves.

    Raises:
        InvalidSignal: entry price missing, stop or target on the wrong side, shares above one, expiry in the past.
    """
    if terms.order_type is OrderType.STOP_LIMIT:
        raise InvalidSignal("order_type", "UNSUPPORTED_TYPE", "A signal enters at MARKET, LIMIT or STOP.")
    if terms.order_type is not OrderType.MARKET and terms.open_price is None:
        raise InvalidSignal("open_price", "PRICE_MISSING", f"A {terms.order_type.lower()} entry needs its price.")
    if terms.time_in_force is TimeInForce.GTD and terms.expires_at is None:
        raise InvalidSignal("expires_at", "EXPIRY_MISSING", "A good-till-date signal needs its date.")
    if terms.expires_at is not None and terms.expires_at <= now:
        raise InvalidSignal(
            "expires_at",
            "EXPIRY_PAST",
            f"The signal would expire at {terms.expires_at:%Y-%m-%d %H:%M:%S} UTC, which is past; "
            f"now is {now:%Y-%m-%d %H:%M:%S} UTC.",
        )
    _check_sides(terms)


def _check_sides(terms: Terms) -> None:
    anchor, anchor_name = terms.open_price, "the entry price"
    if anchor is None and terms.sl is not None:
        anchor, anchor_name = terms.sl, "the stop"
    sign = terms.direction.sign
    if terms.open_price is not None and terms.sl is not None and (terms.open_price - terms.sl) * sign <= 0:
        word = "below" if sign > 0 else "above"
        raise InvalidSignal(
            "sl",
            "STOP_WRONG_SIDE",
            f"The stop of a {terms.direction.lower()} must be {word} the entry price {to_plain(terms.open_price)} "
            f"but was {to_plain(terms.sl)}.",
        )
    for target in terms.targets:
        if anchor is not None and (target.price - anchor) * sign <= 0:
            word = "above" if sign > 0 else "below"
            raise InvalidSignal(
                "targets",
                "TARGET_WRONG_SIDE",
                f"A target of a {terms.direction.lower()} must be {word} {anchor_name} {to_plain(anchor)} "
                f"but was {to_plain(target.price)}.",
            )


def read_targets(data: Sequence[Any]) -> tuple[Target, ...]:
    """Return the targets, nearest first is not required. A lone target without a share takes everything.

    Raises:
        InvalidSignal: too many, a share out of bounds, shares above one, the same price twice.
    """
    if not isinstance(data, Sequence) or isinstance(data, str) or len(data) > MOST_TARGETS:
        raise InvalidSignal(
            "targets", "TOO_MANY_TARGETS", f"A signal has a list of at most {MOST_TARGETS} targets."
        )
    targets = tuple(_target(row, len(data)) for row in data)
    total = sum((target.share for target in targets), ZERO)
    if total > ONE:
        raise InvalidSignal(
            "targets",
            "SHARES_EXCEED_ONE",
            f"The targets' shares add up to {to_plain(total)} but can be at most 1, the whole position.",
        )
    if len({target.price for target in targets}) != len(targets):
        raise InvalidSignal(
            "targets", "TARGET_TWICE", "Two targets have the same price; give one the sum of shares."
        )
    return targets


def _target(row: Any, count: int) -> Target:
    if not isinstance(row, Mapping):
        row = {"price": row}
    price = _price("targets", row.get("price"))
    if price is None:
        raise InvalidSignal("targets", "PRICE_MISSING", "A target needs a price.")
    share = row.get("share")
    if share is None and count > 1:
        raise InvalidSignal("targets", "SHARE_MISSING", "Several targets need a share each; together at most 1.")
    try:
        number = ONE if share is None else parse(share)
    except NotANumber as error:
        raise InvalidSignal("targets", "NOT_A_NUMBER", f"A target's share: {error}") from error
    if not ZERO < number <= ONE:
        raise InvalidSignal(
            "targets",
            "SHARE_OUT_OF_BOUNDS",
            f"A target's share was {to_plain(number)} but must be above 0 and at most 1.",
        )
    return Target(price=price, share=number)


def _pair(value: Any) -> str:
    text = str(value or "").strip().upper()
    if not _PAIR.match(text):
        raise InvalidSignal(
            "currency_pair",
            "NOT_A_PAIR",
            f"{text[:40]!r} is no pair; write base and quote like BTC/USDT or EUR/USD.",
        )
    return text


def _price(field: str, value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        number = parse(value)
    except NotANumber as error:
        raise InvalidSignal(field, "NOT_A_NUMBER", f"The {field}: {error}") from error
    if number <= 0:
        raise InvalidSignal(field, "NOT_POSITIVE", f"The {field} was {to_plain(number)} but must be above 0.")
    if abs(number.as_tuple().exponent) > 18:  # type: ignore[arg-type]  # parse lets only finite numbers through
        raise InvalidSignal(field, "TOO_FINE", f"The {field} has more than 18 decimals.")
    return number


def _moment(field: str, value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise InvalidSignal(
            field, "NOT_A_TIME", f"The {field} was {str(value)[:40]!r}; write it like 2026-11-21T12:00:00Z."
        ) from error
    if moment.tzinfo is None:
        raise InvalidSignal(
            field, "NO_ZONE", f"The {field} {moment:%Y-%m-%d %H:%M:%S} has no time zone, so it names no moment."
        )
    return moment.astimezone(UTC)


def _drift(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        number = parse(value)
    except NotANumber as error:
        raise InvalidSignal("max_drift_bps", "NOT_A_NUMBER", f"The largest drift: {error}") from error
    if not ZERO <= number <= 10_000:
        raise InvalidSignal(
            "max_drift_bps",
            "OUT_OF_BOUNDS",
            f"The largest drift was {to_plain(number)} basis points but must be between 0 and 10000.",
        )
    return number


def _one_of(values: type[Choice], field: str, value: Any) -> Choice:
    text = str(value or "").strip().upper()
    if text not in set(values):
        raise InvalidSignal(
            field, "NOT_A_CHOICE", f"The {field} was {text[:40]!r} but must be {', '.join(values)}."
        )
    return values(text)
