"""The exchanges as a file, which must say what the installed ccxt says."""

import json
import subprocess
import sys

from connections.adapters.ccxt import catalogue as ccxt_catalogue
from connections.adapters.ccxt.catalogue import ccxt_has_testnet


class TestTheFile:
    def test_agrees_with_the_installed_ccxt(self) -> None:
        # In a process of its own: here the adapter may have put its own packages in the place of ccxt's.
        script = "import json; from connections.adapters.ccxt import catalogue as c; print(json.dumps(c.made_from_ccxt()))"
        made = json.loads(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)

        assert made["exchanges"] == ccxt_catalogue.catalogue()

    def test_knows_that_a_sandbox_without_an_address_is_none(self) -> None:
        assert (ccxt_has_testnet("binance"), ccxt_has_testnet("kraken")) == (True, False)
