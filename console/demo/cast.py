"""Who plays: twenty-five accounts, most of them healthy, and one of each kind that has a reason not to trade."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings

from connections.contract import MarketType
from connections.preset_specs import SizingMode
from core.decimals import Direction, round_to_step, to_plain
from execution.outcomes import LogStatus, Reason

CHANNEL = "Demo swings"


@dataclass(frozen=True, slots=True)
class Stage:
    """What is traded, and at about which price."""

    pair: str = "BTC/USDT"
    price: Decimal = Decimal(60_000)
    #: quantities on the stage are multiples of this
    quantity_step: Decimal = Decimal("0.00001")
    #: pairs that the simulated exchange has no contracts for
    is_spot_only: bool = False

    @property
    def quote(self) -> str:
        return self.pair.partition("/")[2]

    def quantity_worth(self, amount: int) -> str:
        """Return a quantity worth about this much of the quote currency."""
        return to_plain(round_to_step(amount / self.price, self.quantity_step, Direction.DOWN))


@dataclass(frozen=True, slots=True)
class Part:
    """One account and what should become of it."""

    name: str
    #: whose it is: a first name of the cast, or "house"
    owner: str
    market: MarketType
    values: dict[str, Any]
    money: str = "10000"
    latency_ms: float = 0
    #: what is odd about it; empty for a healthy one
    twist: str = ""
    status: LogStatus = LogStatus.EXECUTED
    reason: Reason = Reason.FILLED
    overrides: dict[str, Any] = field(default_factory=dict)


def key_of(name: str, what: str) -> str:
    """Return a key or secret that is the same at every start of this installation and tells nothing."""
    text = f"demo\x1f{settings.SECRET_KEY}\x1f{name}\x1f{what}"
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def password() -> str:
    """Return the password of the demo's people in this installation."""
    return f"demo-{key_of('people', 'password')[:10]}"


def venue_account(part: Part, stage: Stage) -> dict[str, Any]:
    """Return what the simulated exchange is told to open."""
    is_spot = part.market is MarketType.SPOT
    return {
        "name": part.name,
        "api_key": key_of(part.name, "key"),
        "secret": key_of(part.name, "secret"),
        "spot": {stage.quote: part.money if is_spot else "0"},
        "usdm": {"USDT": "0" if is_spot else part.money},
        "latency_ms": part.latency_ms,
    }


def _fixed(amount: str) -> dict[str, Any]:
    return {"sizing_mode": SizingMode.FIXED_AMOUNT, "size": amount}


def _percent(share: str) -> dict[str, Any]:
    return {"sizing_mode": SizingMode.PERCENT_OF_BALANCE, "size": share}


def _quantity(size: str) -> dict[str, Any]:
    return {"sizing_mode": SizingMode.FIXED_QUANTITY, "size": size}


def _risk(share: str) -> dict[str, Any]:
    return {"sizing_mode": SizingMode.RISK_PERCENT, "size": share}


_CROSS = {"leverage": "5", "margin_mode": "CROSS"}
_SPOT, _LINEAR = MarketType.SPOT, MarketType.LINEAR


def cast_on(stage: Stage) -> tuple[Part, ...]:
    """Return the parts as they play on this stage."""
    linear = _SPOT if stage.is_spot_only else _LINEAR
    return (
    *(Part(f"spot-{n:02}", "alice", _SPOT, _percent(str(5 + n)), money=str(4000 + 900 * n)) for n in range(1, 9)),
    Part("spot-09", "dora", _SPOT, _quantity(stage.quantity_worth(740))),
    Part("spot-10", "dora", _SPOT, _fixed("2500")),
    Part("spot-11", "dora", _SPOT, _risk("1") | {"max_notional": "6000"}),
    Part("spot-12", "dora", _SPOT, _percent("50") | {"max_notional": "1500"}),
    Part("usdm-01", "alice", linear, _percent("20") | {"leverage": "3"}),
    Part("usdm-02", "alice", linear, _risk("2") | _CROSS | {"max_notional": "6000" if stage.is_spot_only else "30000"}),
    Part("usdm-03", "dora", linear, _fixed("3000") | {"leverage": "10"}),
    Part("usdm-04", "dora", linear, _quantity(stage.quantity_worth(3000)) | {"leverage": "2"}),
    Part("house-spot", "house", _SPOT, _percent("10"), money="50000"),
    Part("house-usdm", "house", linear, _percent("10"), money="50000"),
    Part("slow-venue", "dora", _SPOT, _fixed("1000"), latency_ms=2000, twist="answers after 2 s"),
    Part(
        "paused", "alice", _SPOT, _fixed("1000"), twist="paused by its owner",
        status=LogStatus.SKIPPED, reason=Reason.CONNECTION_PAUSED,
    ),
    Part(
        "revoked", "dora", _SPOT, _fixed("1000"), twist="key revoked at the venue",
        status=LogStatus.REJECTED, reason=Reason.VENUE_KEY_REFUSED,
    ),
    Part(
        "poor", "alice", _SPOT, _fixed("1000"), money="120", twist="too little money",
        status=LogStatus.DENIED, reason=Reason.INSUFFICIENT_BALANCE,
    ),
    Part(
        "tiny", "dora", _SPOT, _fixed("3"), twist="under the minimum notional",
        status=LogStatus.DENIED, reason=Reason.NOTIONAL_BELOW_MINIMUM,
    ),
    Part(
        "picky", "alice", _SPOT, _fixed("1000"), twist="excludes the symbol",
        overrides={"excluded_symbols": [stage.pair]}, status=LogStatus.SKIPPED, reason=Reason.SYMBOL_EXCLUDED,
    ),
    Part(
        "untested", "dora", linear, _fixed("1000"), twist="never tested",
        status=LogStatus.SKIPPED, reason=Reason.CONNECTION_UNTESTED,
    ),
    )  # fmt: skip
