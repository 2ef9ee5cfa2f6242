"""From one case to one decision: eligibility, size, risk, ticket. Pure."""

from datetime import datetime
from decimal import Decimal

from connections.contract import Instrument, OrderTicket, OrderType, Side, TimeInForce
from connections.precision import fit_entry_stop, fit_limit_price
from core.decimals import to_plain
from execution import eligibility, risk, sizing
from execution.case import Case, CloseHeld, Entry, Verdict
from execution.outcomes import Reason

Decision = Entry | CloseHeld | Verdict


def decide(case: Case, *, now: datetime) -> Decision:
    """Return what this account does with the signal now."""
    verdict = eligibility.account_verdict(case.signal, case.account, case.preset, now=now)
    verdict = verdict or eligibility.market_verdict(case)
    if verdict is not None:
        return verdict
    if eligibility.sells_what_is_held(case):
        return _close_held(case)
    return _enter(case)


def _close_held(case: Case) -> Decision:
    assert case.instrument is not None
    symbol = case.instrument.symbol
    mine = [each for each in case.account.held if each.symbol == symbol and each.side is Side.BUY]
    if not mine:
        return Verdict(Reason.SPOT_CANNOT_SHORT, {"base": case.instrument.base})
    quantity = sum((each.quantity for each in mine), Decimal(0))
    return CloseHeld(tuple(each.position_id for each in mine), {"quantity": to_plain(quantity), "symbol": symbol})


def _enter(case: Case) -> Decision:
    assert case.instrument is not None
    assert case.quote is not None
    if case.account.balance is None:
        return Verdict(Reason.NO_BALANCE, {"error": "It was never read."})
    terms = case.signal.terms
    market_price = case.quote.price_to(terms.direction)
    price, stop_price = _entry_prices(case, case.instrument)
    sized = sizing.size_entry(
        preset=case.preset,
        instrument=case.instrument,
        order_type=terms.order_type,
        side=terms.direction,
        price=price or stop_price or market_price,
        stop=terms.sl,
        balance=case.account.balance,
        multiplier=case.multiplier,
    )
    if isinstance(sized, Verdict):
        return sized
    findings = risk.assess(case, sized)
    refusal = risk.first_refusal(findings)
    checks = {finding.check: str(finding.reason or "passed") for finding in findings}
    if refusal is not None:
        return Verdict(refusal.reason, {**sized.numbers, **refusal.numbers, "checks": checks})
    ticket = OrderTicket(
        client_order_id=case.client_order_id,
        symbol=case.instrument.symbol,
        side=terms.direction,
        order_type=terms.order_type,
        quantity=sized.quantity,
        price=price,
        stop_price=stop_price,
        time_in_force=terms.time_in_force,
        expires_at=terms.expires_at if terms.time_in_force is TimeInForce.GTD else None,
        reference_price=market_price,
    )
    return Entry(ticket, {**sized.numbers, "market_price": to_plain(market_price), "checks": checks})


def _entry_prices(case: Case, instrument: Instrument) -> tuple[Decimal | None, Decimal | None]:
    """Return limit price and stop price of the entry, on the tick, on the side that never trades worse."""
    terms = case.signal.terms
    if terms.order_type is OrderType.MARKET or terms.open_price is None:
        return None, None
    if terms.order_type is OrderType.LIMIT:
        return fit_limit_price(instrument, terms.open_price, terms.direction), None
    return None, fit_entry_stop(instrument, terms.open_price, terms.direction)
