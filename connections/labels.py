"""What a connection is and how it does, in words."""

from collections.abc import Mapping

from connections.circuit import Circuit
from connections.contract import Environment, MarketType, OrderType, Side, TimeInForce
from connections.health import HealthStatus
from core.labels import Label, Tone

ENVIRONMENTS: Mapping[str, Label] = {
    Environment.LIVE: Label("Live", Tone.LIVE, "Real orders with real money."),
    Environment.TESTNET: Label("Testnet", Tone.TESTNET, "The exchange's own test system; no real money."),
    Environment.REHEARSAL: Label("Rehearsal", Tone.REHEARSAL, "A simulated exchange; no real money."),
}
HEALTH: Mapping[str, Label] = {
    HealthStatus.UNTESTED: Label("Untested", Tone.QUIET, "It trades after its first passed test."),
    HealthStatus.ACTIVE: Label("Healthy", Tone.GOOD, "The last test passed."),
    HealthStatus.DEGRADED: Label(
        "Degraded", Tone.WARN, "It works, but slowly, with a clock far off, or unreliably."
    ),
    HealthStatus.ERROR: Label("Error", Tone.BAD, "The last test failed; no entry is sent until one passes."),
}
MARKETS: Mapping[str, Label] = {
    MarketType.SPOT: Label("Spot", Tone.QUIET, "Coins are bought and sold; no leverage, no short positions."),
    MarketType.LINEAR: Label("Linear", Tone.QUIET, "Derivatives that are settled in the quote currency."),
    MarketType.INVERSE: Label("Inverse", Tone.QUIET, "Derivatives that are settled in the base currency."),
}
SIDES: Mapping[str, Label] = {Side.BUY: Label("Buy", Tone.BUY), Side.SELL: Label("Sell", Tone.SELL)}
ORDER_TYPES: Mapping[str, Label] = {
    OrderType.MARKET: Label("Market", hint="At whatever the market pays now."),
    OrderType.LIMIT: Label("Limit", hint="At this price or better."),
    OrderType.STOP: Label("Stop", hint="At market, once the stop price trades."),
    OrderType.STOP_LIMIT: Label("Stop limit", hint="At a limit, once the stop price trades."),
}
TIMES_IN_FORCE: Mapping[str, Label] = {
    TimeInForce.GTC: Label("Until cancelled"),
    TimeInForce.IOC: Label("Fill what it can, cancel the rest"),
    TimeInForce.FOK: Label("All at once or nothing"),
    TimeInForce.GTD: Label("Until its date"),
}


def intention_of(is_active: bool) -> Label:
    """Return what the owner wants, apart from what was measured."""
    if is_active:
        return Label("On", Tone.GOOD, "New signals trade on it as soon as it is healthy.")
    return Label("Paused", Tone.WARN, "No new entries; open positions keep their exits.")


def circuit_label(state: Circuit, *, is_venue: bool) -> Label | None:
    """Return how entries are held back; None while they are not."""
    if state is Circuit.CLOSED:
        return None
    who = "The venue answers nobody" if is_venue else "The venue does not answer this account"
    hint = f"{who}: no entry is sent for the moment. Exits and cancels are tried all the same."
    return Label("Held back", Tone.BAD, hint) if state is Circuit.OPEN else Label("Trying again", Tone.WARN, hint)
