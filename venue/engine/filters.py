"""Does an order fit the symbol's rules? One function per market, each in its dialect's words.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/filters and
https://developers.binance.com/docs/derivatives/usds-margined-futures/common-definition
"""

from decimal import Decimal

from venue.engine import errors
from venue.engine.decimals import ZERO, is_multiple, places, plain
from venue.engine.orders import Spec
from venue.engine.rules import SymbolRules
from venue.engine.terms import Side


def check_spot(rules: SymbolRules, spec: Spec, reference: Decimal) -> None:
    """This function will refuse a spot order that breaks a filter; `reference` is the last price."""
    for name, price in (("price", spec.price), ("stop price", spec.stop_price)):
        if price is not None:
            _check_spot_price(rules, name, price)
    if spec.price is not None:
        _check_percent_price(rules, spec.side, spec.price, reference)
    if spec.quantity is not None:
        _check_spot_quantity(rules, spec, spec.quantity)
    price = spec.price or spec.stop_price or reference
    notional = spec.quote_quantity if spec.quantity is None else spec.quantity * price
    if notional is None or notional < rules.min_notional or notional > rules.max_notional:
        raise errors.filter_failure("NOTIONAL")


def _check_spot_price(rules: SymbolRules, name: str, price: Decimal) -> None:
    if price <= 0:
        raise errors.spot_invalid(name)
    lowest = rules.min_price or rules.tick
    if price < lowest or price > rules.max_price or not is_multiple(price, rules.tick):
        raise errors.filter_failure("PRICE_FILTER")


def _check_percent_price(rules: SymbolRules, side: Side, price: Decimal, reference: Decimal) -> None:
    if not reference * rules.down <= price <= reference * rules.up:
        raise errors.filter_failure("PERCENT_PRICE_BY_SIDE")


def _check_spot_quantity(rules: SymbolRules, spec: Spec, quantity: Decimal) -> None:
    if quantity <= 0:
        raise errors.spot_invalid("quantity")
    if quantity < rules.min_qty or quantity > rules.max_qty or not is_multiple(quantity, rules.step):
        raise errors.filter_failure("LOT_SIZE")
    if spec.price is None and quantity > rules.market_max_qty:
        raise errors.filter_failure("MARKET_LOT_SIZE")


def check_usdm(rules: SymbolRules, spec: Spec, mark: Decimal) -> None:
    """This function will refuse a USD-M order that breaks a rule; `mark` stands in for a market price."""
    if spec.price is not None:
        _check_usdm_price(rules, spec.price)
        _check_usdm_band(rules, spec, spec.stop_price or mark)
    if spec.stop_price is not None:
        if spec.stop_price <= 0:
            raise errors.stop_price_zero()
        _check_usdm_price(rules, spec.stop_price)
    if spec.quantity is None:
        return
    _check_usdm_quantity(rules, spec, spec.quantity)
    price = spec.price or spec.stop_price or mark
    if not spec.reduce_only and spec.quantity * price < rules.min_notional:
        raise errors.min_notional(plain(rules.min_notional))


def _check_usdm_price(rules: SymbolRules, price: Decimal) -> None:
    if price <= 0:
        raise errors.price_zero()
    if places(price) > rules.price_places:
        raise errors.usdm_precision()
    if price < (rules.min_price or rules.tick):
        raise errors.price_below_min()
    if price > rules.max_price:
        raise errors.price_above_max()
    if not is_multiple(price, rules.tick):
        raise errors.price_off_tick()


def _check_usdm_band(rules: SymbolRules, spec: Spec, reference: Decimal) -> None:
    """Buys may not be far above the mark (or their trigger), sells not far below."""
    assert spec.price is not None
    cap, floor = reference * rules.up, reference * rules.down
    if spec.side is Side.BUY and spec.price > cap:
        raise errors.price_above_cap(plain(round(cap, rules.price_places)))
    if spec.side is Side.SELL and spec.price < floor:
        raise errors.price_below_floor(plain(round(floor, rules.price_places)))


def _check_usdm_quantity(rules: SymbolRules, spec: Spec, quantity: Decimal) -> None:
    if quantity <= ZERO:
        raise errors.quantity_zero()
    if places(quantity) > rules.qty_places:
        raise errors.usdm_precision()
    if quantity < rules.min_qty:
        raise errors.quantity_below_min()
    if quantity > (rules.market_max_qty if spec.price is None else rules.max_qty):
        raise errors.quantity_above_max()
    if not is_multiple(quantity, rules.step):
        raise errors.quantity_off_step()
