"""What the home page adds up. Money of different environments and currencies is never added."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connections.labels import ENVIRONMENTS
from core.decimals import ZERO
from core.labels import Label
from execution.rows.positions import PositionRow

#: A balance older than this is said to be old.
OLD_AFTER = timedelta(minutes=30)
#: One row of snapshots: environment, assets, and when they were read.
Snapshot = tuple[str, Mapping[str, Mapping[str, str]], datetime]


@dataclass(frozen=True, slots=True)
class MoneyRow:
    environment: Label
    currency: str
    free: Decimal
    total: Decimal
    accounts: int
    #: when the oldest of the balances in it was read
    as_of: datetime
    is_old: bool


@dataclass(frozen=True, slots=True)
class ProfitRow:
    environment: Label
    currency: str
    unrealised: Decimal
    positions: int
    #: positions that nobody has quoted a price for
    unpriced: int


@dataclass(frozen=True, slots=True)
class Held:
    """Open positions in numbers."""

    count: int
    naked: int
    watched: int
    without_stop: int
    waiting_for_you: int
    profits: Sequence[ProfitRow]


def money_rows(snapshots: Iterable[Snapshot], *, now: datetime) -> list[MoneyRow]:
    """Return what accounts held when they were last asked, by environment and currency; real money first."""
    sums: dict[tuple[str, str], MoneyRow] = {}
    for environment, assets, as_of in snapshots:
        for currency, amounts in assets.items():
            free, total = Decimal(amounts["free"]), Decimal(amounts["total"])
            if total:
                key = (environment, currency)
                sums[key] = _with(sums.get(key), environment, currency, free, total, as_of, now)
    order = list(ENVIRONMENTS)
    return [sums[key] for key in sorted(sums, key=lambda key: (order.index(key[0]), -sums[key].total))]


def held(positions: Sequence[PositionRow]) -> Held:
    """Return open positions in numbers."""
    sums: dict[tuple[str, str], ProfitRow] = {}
    for row in positions:
        key = (row.account.environment.text, row.settle)
        known = sums.get(key) or ProfitRow(row.account.environment, row.settle, ZERO, 0, 0)
        sums[key] = ProfitRow(
            known.environment,
            known.currency,
            known.unrealised + (row.unrealised or ZERO),
            known.positions + 1,
            known.unpriced + (row.unrealised is None),
        )
    return Held(
        count=len(positions),
        naked=sum(row.is_naked for row in positions),
        watched=sum(row.protection.text == "Watched" for row in positions),
        without_stop=sum(row.stop_price is None for row in positions),
        waiting_for_you=sum(bool(row.attention) for row in positions),
        profits=list(sums.values()),
    )


def _with(
    known: MoneyRow | None,
    environment: str,
    currency: str,
    free: Decimal,
    total: Decimal,
    as_of: datetime,
    now: datetime,
) -> MoneyRow:
    oldest = min(known.as_of, as_of) if known else as_of
    return MoneyRow(
        environment=ENVIRONMENTS[environment],
        currency=currency,
        free=free + (known.free if known else ZERO),
        total=total + (known.total if known else ZERO),
        accounts=1 + (known.accounts if known else 0),
        as_of=oldest,
        is_old=now - oldest > OLD_AFTER,
    )
