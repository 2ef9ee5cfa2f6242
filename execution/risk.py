"""What may speak against a sized order. Every check is asked, and every answer is kept, not only the first no."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from connections.contract import Instrument, MarketType, Side
from connections.preset_specs import DuplicatePolicy, OppositePolicy
from core.decimals import ZERO, to_plain
from execution.case import Case, HeldPosition, Numbers, Sized, Verdict, WaitingEntry
from execution.outcomes import Reason
from execution.sizing import paying_currency


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check. ``reason`` is None when it passed."""

    check: str
    reason: Reason | None = None
    numbers: Numbers = field(default_factory=dict)


#: A position of the wrong side is a choice of the owner, so it is a skip; what endangers money is a denial.
SKIPS = frozenset({Reason.OPPOSITE_POSITION, Reason.DUPLICATE_POSITION, Reason.SPOT_CANNOT_SHORT})


def assess(case: Case, sized: Sized) -> list[Finding]:
    """Return the answer of every check, in a fixed order. The instrument and the balance must be known."""
    assert case.instrument is not None
    return [check(case, sized, case.instrument) for check in CHECKS]


def first_refusal(findings: list[Finding]) -> Verdict | None:
    """Return the first no, or None when everything passed."""
    for finding in findings:
        if finding.reason is not None:
            return Verdict(finding.reason, finding.numbers)
    return None


def _doubt(case: Case, sized: Sized, instrument: Instrument) -> Finding:
    if instrument.symbol in case.account.symbols_in_doubt:
        return Finding("doubt", Reason.ORDER_IN_DOUBT, {"symbol": instrument.symbol})
    return Finding("doubt")


def _opposite(case: Case, sized: Sized, instrument: Instrument) -> Finding:
    against = _held(case, instrument, case.signal.terms.direction.opposite)
    if against and case.preset.opposite_policy is OppositePolicy.SKIP:
        numbers = {"held": to_plain(against), "symbol": instrument.symbol}
        return Finding("opposite", Reason.OPPOSITE_POSITION, numbers)
    return Finding("opposite")


def _duplicate(case: Case, sized: Sized, instrument: Instrument) -> Finding:
    same = _held(case, instrument, case.signal.terms.direction)
    if same and case.preset.duplicate_policy is DuplicatePolicy.SKIP:
        numbers = {"held": to_plain(same), "symbol": instrument.symbol}
        return Finding("duplicate", Reason.DUPLICATE_POSITION, numbers)
    return Finding("duplicate")


def _open_positions(case: Case, sized: Sized, instrument: Instrument) -> Finding:
    count = len(case.account.held) + len(case.account.entering)
    most = case.preset.max_open_positions
    numbers = {"open_positions": count, "max_open_positions": most}
    return Finding("open_positions", Reason.TOO_MANY_POSITIONS if count >= most else None, numbers)


def _balance(case: Case, sized: Sized, instrument: Instrument) -> Finding:
    assert case.account.balance is not None
    currency = paying_currency(instrument)
    leverage = Decimal(1) if instrument.market is MarketType.SPOT else case.preset.leverage
    needed, free = sized.notional / leverage, case.account.balance.free(currency)
    numbers = {"needed": f"{needed:.8f}", "free": to_plain(free), "currency": currency}
    if currency in case.account.reserved:
        numbers["reserved"] = to_plain(case.account.reserved[currency])
    return Finding("balance", Reason.INSUFFICIENT_BALANCE if needed > free else None, numbers)


def _held(case: Case, instrument: Instrument, side: Side) -> Decimal:
    """Return what the account holds on a side, and will hold once the entries that wait have traded."""
    known: tuple[HeldPosition | WaitingEntry, ...] = (*case.account.held, *case.account.entering)
    return sum((each.quantity for each in known if each.symbol == instrument.symbol and each.side is side), ZERO)


CHECKS: tuple[Callable[[Case, Sized, Instrument], Finding], ...] = (
    _doubt,
    _opposite,
    _duplicate,
    _open_positions,
    _balance,
)
