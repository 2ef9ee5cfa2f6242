"""What the pages show of a position: what it holds, how it is protected, what it would bring now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from accounts.models import User
from connections.contract import MarketType, Quote, Side
from connections.labels import SIDES
from core.decimals import ZERO
from core.labels import Label, Tone
from execution.rows.accounts import AccountRow, account_row
from marketdata import selectors as marketdata
from positions.labels import CLOSING_REASONS, PROTECTION
from positions.ladder import Level, Line, lines_of
from positions.models import ExecutionPosition, PositionStatus

#: A price older than this is said to be old.
PRICE_OLD_AFTER = timedelta(seconds=30)
#: Quotes by venue and symbol.
Quotes = Mapping[tuple[str, str], Quote]


@dataclass(frozen=True, slots=True)
class TargetRow:
    number: int
    price: Decimal
    #: per cent of the position
    share: Decimal
    quantity: Decimal | None
    filled: Decimal
    state: Label


@dataclass(frozen=True, slots=True)
class PositionRow:
    id: UUID
    signal_id: UUID
    account: AccountRow
    symbol: str
    side: Label
    base: str
    quote: str
    settle: str
    is_open: bool
    is_closing: bool
    #: absolute; what it held at most once it is closed
    quantity: Decimal
    average_price: Decimal
    #: the price at which it could be closed now; None when nobody has quoted it
    mark: Decimal | None
    mark_at: datetime | None
    is_mark_old: bool
    #: in the settlement currency; None without a price, and once it is closed
    unrealised: Decimal | None
    #: value of what is held at that price, in the quote currency, before fees; None without a price, or for inverse
    proceeds: Decimal | None
    #: realised and funding less fees in the settlement currency
    net: Decimal
    fees: Mapping[str, Decimal]
    protection: Label
    is_naked: bool
    stop_price: Decimal | None
    targets: Sequence[TargetRow]
    unprotected_ms: int
    protected_after_ms: int | None
    closing_reason: Label | None
    attention: str
    opened_at: datetime | None
    closed_at: datetime | None
    close_requested_at: datetime | None


def quotes_for(positions: Iterable[ExecutionPosition]) -> Quotes:
    """Return stored prices of open positions. Needs their connections. Cost: one cache call a venue."""
    wanted: dict[str, set[str]] = {}
    for each in positions:
        if each.status == PositionStatus.OPEN:
            wanted.setdefault(each.connection.venue_key, set()).add(each.symbol)
    found: dict[tuple[str, str], Quote] = {}
    for venue_key, symbols in wanted.items():
        quotes = marketdata.quotes_of(venue_key, sorted(symbols))
        found.update({(venue_key, symbol): quote for symbol, quote in quotes.items()})
    return found


def position_row(position: ExecutionPosition, quotes: Quotes, user: User, *, now: datetime) -> PositionRow:
    """Return what a page shows. Needs the position's connection with its owner."""
    is_open = position.status == PositionStatus.OPEN
    side = Side(position.side)
    quote = quotes.get((position.connection.venue_key, position.symbol)) if is_open else None
    mark = quote.price_to(side.opposite) if quote else None
    held = abs(position.quantity)
    first, protected = position.first_fill_at, position.protected_at
    return PositionRow(
        id=position.pk,
        signal_id=position.signal_id,
        account=account_row(position.connection, user),
        symbol=position.symbol,
        side=SIDES[position.side],
        base=position.base,
        quote=position.quote,
        settle=position.settle,
        is_open=is_open,
        is_closing=is_open and position.close_requested_at is not None,
        quantity=held if is_open else position.peak,
        average_price=position.average_price,
        mark=mark,
        mark_at=quote.quoted_at if quote else None,
        is_mark_old=quote is not None and now - quote.quoted_at > PRICE_OLD_AFTER,
        unrealised=position.unrealised(mark) if is_open else None,
        proceeds=_proceeds(position, mark),
        net=position.net_profit,
        fees={currency: Decimal(amount) for currency, amount in position.fees.items()},
        protection=PROTECTION[position.protection],
        is_naked=is_open and position.unprotected_since is not None,
        stop_price=position.stop_price,
        targets=[_target_row(number, each, is_open) for number, each in enumerate(position.targets, start=1)],
        unprotected_ms=_unprotected_ms(position, now),
        protected_after_ms=int((protected - first).total_seconds() * 1000) if protected and first else None,
        closing_reason=CLOSING_REASONS.get(position.closing_reason),
        attention=position.attention,
        opened_at=position.opened_at,
        closed_at=position.closed_at,
        close_requested_at=position.close_requested_at,
    )


def ladder_of(row: PositionRow) -> list[Line]:
    """Return entry, stop, targets and the price of now as lines of a picture."""
    levels = [Level("Entry", row.average_price, Tone.INFO)]
    if row.stop_price is not None:
        levels.append(Level("Stop", row.stop_price, Tone.BAD))
    levels += [Level(f"Target {each.number}", each.price, Tone.GOOD, bool(each.filled)) for each in row.targets]
    if row.mark is not None:
        levels.append(Level("Now", row.mark, Tone.WARN, is_mark=True))
    return lines_of(levels)


def _proceeds(position: ExecutionPosition, mark: Decimal | None) -> Decimal | None:
    if mark is None or position.market == MarketType.INVERSE:
        return None
    return abs(position.quantity) * mark * position.multiplier


def _target_row(number: int, target: Mapping[str, str], is_open: bool) -> TargetRow:
    quantity = Decimal(target["quantity"]) if target.get("quantity") else None
    filled = Decimal(target.get("filled", "0"))
    return TargetRow(
        number=number,
        price=Decimal(target["price"]),
        share=Decimal(target["share"]) * 100,
        quantity=quantity,
        filled=filled,
        state=_target_state(target, quantity, filled, is_open),
    )


def _target_state(target: Mapping[str, str], quantity: Decimal | None, filled: Decimal, is_open: bool) -> Label:
    if filled and quantity is not None and filled >= quantity:
        return Label("Taken", Tone.GOOD)
    if filled:
        return Label("Partly taken", Tone.GOOD)
    if not is_open:
        return Label("Not reached", Tone.QUIET)
    if quantity == ZERO:
        return Label("Merged", Tone.QUIET, "Too small to trade alone, so it joined another target.")
    if target.get("due_at"):
        return Label("Reached", Tone.INFO, "Its order is on the way.")
    if target.get("is_watched"):
        return Label("Watched", Tone.INFO, "The price is watched here; the order leaves when it is reached.")
    return Label("At the venue", Tone.INFO) if quantity else Label("Planned", Tone.QUIET)


def _unprotected_ms(position: ExecutionPosition, now: datetime) -> int:
    since = position.unprotected_since
    return position.unprotected_ms + (int((now - since).total_seconds() * 1000) if since else 0)
