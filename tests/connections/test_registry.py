"""Kinds of broker: what is known, what is not, and what the owner is told."""

import pytest

from connections import registry
from connections.adapter import BrokerAdapter
from connections.contract import AccountAccess, Environment, MarketType
from connections.errors import Misconfigured


def make_access(exchange: str = "binance") -> AccountAccess:
    return AccountAccess(exchange=exchange, market=MarketType.SPOT, environment=Environment.LIVE)


class TestKindOf:
    @pytest.mark.parametrize("kind", ["nosuch", "", "CCXT", "ccxt.binance", "x" * 1000])
    def test_names_the_kinds_there_are(self, kind: str) -> None:
        with pytest.raises(Misconfigured, match="there are ccxt") as refused:
            registry.kind_of(kind)

        assert len(str(refused.value)) < 200


class TestBuild:
    @pytest.mark.parametrize("kind", sorted(registry.KINDS))
    def test_makes_an_adapter_without_asking_anybody(self, kind: str) -> None:
        exchange = next(iter(registry.kind_of(kind).exchanges()))

        assert isinstance(registry.build(kind, make_access(exchange)), BrokerAdapter)

    @pytest.mark.parametrize("exchange", ["nosuch", "", "__init__", "base.exchange", "../../etc/passwd"])
    def test_knows_no_other_exchange(self, exchange: str) -> None:
        with pytest.raises(Misconfigured, match="no exchange"):
            registry.build("ccxt", make_access(exchange))


class TestCredentialFields:
    @pytest.mark.parametrize(
        ("exchange", "names"),
        [
            ("binance", ["apiKey", "secret"]),
            ("okx", ["apiKey", "secret", "password"]),
            ("hyperliquid", ["walletAddress", "privateKey"]),
        ],
    )
    def test_are_what_the_exchange_needs(self, exchange: str, names: list[str]) -> None:
        fields = registry.credential_fields("ccxt", exchange)

        assert sorted(field.name for field in fields) == sorted(names)
        assert all(field.is_required and field.label for field in fields)

    @pytest.mark.parametrize(("kind", "exchange"), [("ccxt", "nosuch"), ("nosuch", "binance")])
    def test_of_nobody_are_misconfigured(self, kind: str, exchange: str) -> None:
        with pytest.raises(Misconfigured):
            registry.credential_fields(kind, exchange)

    def test_of_a_private_key_are_long(self) -> None:
        longs = {field.name for field in registry.credential_fields("ccxt", "hyperliquid") if field.is_long}

        assert longs == {"privateKey"}


class TestCapabilities:
    def test_are_those_of_the_adapter(self) -> None:
        built = registry.build("ccxt", make_access())

        assert registry.capabilities("ccxt", "binance", MarketType.SPOT) == built.capabilities
