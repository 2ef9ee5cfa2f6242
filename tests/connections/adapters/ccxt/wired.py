"""ccxt's own exchanges without a wire: what they would send is kept, and what the venue says is made up by the test."""

from collections.abc import Callable
from typing import Any

from connections.adapters.ccxt.exchanges import bare_copy
from connections.contract import AccountAccess, Environment, MarketType

KEYS = {
    "apiKey": "k3y",
    "secret": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=",
    "password": "pa55",
    "walletAddress": "0x" + "ab" * 20,
    "privateKey": "0x" + "11" * 32,
}
#: What every market of these tests says of its precision and limits.
FILTERS: dict[str, Any] = {
    "precision": {"amount": "0.00001", "price": "0.01"},
    "limits": {"amount": {"min": "0.00001", "max": None}, "price": {}, "cost": {"min": "5"}, "leverage": {}},
    "active": True,
}
INFO = {"orderTypes": ["LIMIT", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "STOP", "STOP_MARKET"]}


class SentError(Exception):
    """A request that would have left."""

    def __init__(self, url: str, method: str, headers: Any, body: Any) -> None:
        super().__init__(f"{method} {url} {body}")
        self.url, self.method, self.headers, self.body = url, method, headers, body


def wired(exchange: str, market: MarketType = MarketType.SPOT, answer: Callable[..., Any] | None = None) -> Any:
    """Return an account of an exchange that trades BTC/USDT, whose requests raise ``SentError`` unless answered."""
    access = AccountAccess(exchange=exchange, market=market, environment=Environment.LIVE, credentials=KEYS)
    instance = bare_copy(access)
    for name in ("apiKey", "secret", "password", "walletAddress", "privateKey"):
        setattr(instance, name, KEYS[name])
    instance.set_markets([_market(instance, market)])

    async def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        if answer is None:
            raise SentError(url, method, headers, body)
        return answer(url, method, body)

    async def throttle(cost: float | None = None) -> None:
        return None

    instance.fetch, instance.throttle = fetch, throttle
    return instance


def _market(instance: Any, market: MarketType) -> Any:
    is_spot = market is MarketType.SPOT
    names = {"okx": "BTC-USDT", "kucoin": "BTC-USDT", "gate": "BTC_USDT", "kraken": "XBTUSDT", "hyperliquid": "0"}
    return instance.safe_market_structure(
        {
            **FILTERS,
            "id": names.get(instance.id, "BTCUSDT"),
            "symbol": "BTC/USDT" if is_spot else "BTC/USDT:USDT",
            "base": "BTC",
            "quote": "USDT",
            "baseId": "BTC",
            "quoteId": "USDT",
            "settle": None if is_spot else "USDT",
            "settleId": None if is_spot else "USDT",
            "type": "spot" if is_spot else "swap",
            "spot": is_spot,
            "swap": not is_spot,
            "contract": not is_spot,
            "linear": None if is_spot else True,
            "inverse": None if is_spot else False,
            "contractSize": None if is_spot else "1",
            "info": INFO,
        }
    )
