"""Whether a signal may trade on an account at all. Each rule answers with a verdict, or None when it has nothing
against it; the first verdict counts.

Rules of the account are asked at intake and again at execution, because minutes may lie between.
"""

from datetime import datetime
from decimal import Decimal

from connections.contract import MarketType, OrderType, Side
from connections.health import HealthStatus
from connections.presets import Preset
from core.decimals import to_plain
from execution.case import AccountView, Case, SignalView, Verdict
from execution.outcomes import Reason
from signals.rules import SignalStatus

BPS = Decimal(10_000)


def account_verdict(signal: SignalView, account: AccountView, preset: Preset, *, now: datetime) -> Verdict | None:
    """Return what speaks against this account before its market is looked at."""
    return (
        _signal_is_over(signal, now)
        or _account_is_closed(account)
        or _symbol_is_unwanted(signal.terms.currency_pair, preset)
    )


def market_verdict(case: Case) -> Verdict | None:
    """Return what speaks against this account once symbol and price are known."""
    if case.instrument is None:
        return Verdict(Reason.SYMBOL_NOT_LISTED, {"currency_pair": case.signal.terms.currency_pair})
    if not case.instrument.is_active:
        return Verdict(Reason.SYMBOL_NOT_TRADING, {"symbol": case.instrument.symbol})
    if case.multiplier <= 0:
        return Verdict(Reason.DECISION_VETOED, {"decision": case.decision})
    return _order_is_unsupported(case) or _price_says_no(case)


def sells_what_is_held(case: Case) -> bool:
    """Return whether this is a sale on spot, which can only close."""
    return case.account.market is MarketType.SPOT and case.signal.terms.direction is Side.SELL


def _signal_is_over(signal: SignalView, now: datetime) -> Verdict | None:
    expires_at = signal.terms.expires_at
    if signal.status is SignalStatus.WITHDRAWN:
        return Verdict(Reason.SIGNAL_WITHDRAWN)
    if signal.status is SignalStatus.EXPIRED or (expires_at is not None and expires_at <= now):
        return Verdict(Reason.SIGNAL_EXPIRED, {"expires_at": expires_at.isoformat() if expires_at else ""})
    return None


def _account_is_closed(account: AccountView) -> Verdict | None:
    if not account.is_subscribed:
        return Verdict(Reason.SUBSCRIPTION_PAUSED)
    if not account.is_owner_active:
        return Verdict(Reason.OWNER_INACTIVE)
    if not account.is_active:
        return Verdict(Reason.CONNECTION_PAUSED, {"paused_reason": account.paused_reason})
    if account.status is HealthStatus.ERROR:
        return Verdict(Reason.CONNECTION_ERROR, {"last_error": account.last_error})
    if account.last_tested_at is None:
        return Verdict(Reason.CONNECTION_UNTESTED)
    if account.is_hedge_mode:
        return Verdict(Reason.HEDGE_MODE)
    return None


def _symbol_is_unwanted(pair: str, preset: Preset) -> Verdict | None:
    if pair in preset.excluded_symbols:
        return Verdict(Reason.SYMBOL_EXCLUDED, {"currency_pair": pair})
    if preset.allowed_symbols and pair not in preset.allowed_symbols:
        return Verdict(Reason.SYMBOL_NOT_ALLOWED, {"currency_pair": pair})
    return None


def _order_is_unsupported(case: Case) -> Verdict | None:
    terms, able = case.signal.terms, case.account.capabilities
    if terms.order_type not in able.order_types:
        return Verdict(Reason.UNSUPPORTED_ORDER, {"error": f"It has no {terms.order_type} orders."})
    if terms.time_in_force not in able.times_in_force:
        return Verdict(Reason.UNSUPPORTED_ORDER, {"error": f"It does not know {terms.time_in_force}."})
    return None


def _price_says_no(case: Case) -> Verdict | None:
    terms, quote = case.signal.terms, case.quote
    if quote is None:
        symbol = case.instrument.symbol if case.instrument else terms.currency_pair
        return Verdict(Reason.NO_PRICE, {"symbol": symbol})
    price = quote.price_to(terms.direction)
    if terms.sl is not None and (price - terms.sl) * terms.direction.sign <= 0:
        return Verdict(Reason.STOP_ALREADY_HIT, {"price": to_plain(price), "sl": to_plain(terms.sl)})
    if terms.order_type is not OrderType.MARKET or terms.open_price is None:
        return None
    drift = abs(price - terms.open_price) / terms.open_price * BPS
    allowed = min(each for each in (terms.max_drift_bps, case.preset.max_drift_bps) if each is not None)
    if drift <= allowed:
        return None
    return Verdict(
        Reason.PRICE_DRIFTED,
        {
            "price": to_plain(price),
            "open_price": to_plain(terms.open_price),
            "drift_bps": f"{drift:.1f}",
            "max_drift_bps": to_plain(allowed),
        },
    )
