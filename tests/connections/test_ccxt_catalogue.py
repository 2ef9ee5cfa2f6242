"""The exchanges as a file, which must say what the installed ccxt says."""

from connections.adapters.ccxt import catalogue as ccxt_catalogue
from connections.adapters.ccxt.catalogue import ccxt_has_testnet


class TestTheFile:
    def test_agrees_with_the_installed_ccxt(self) -> None:
        made = ccxt_catalogue.made_from_ccxt()

        assert made["exchanges"] == ccxt_catalogue.catalogue()

    def test_knows_that_a_sandbox_without_an_address_is_none(self) -> None:
        assert (ccxt_has_testnet("binance"), ccxt_has_testnet("kraken")) == (True, False)
