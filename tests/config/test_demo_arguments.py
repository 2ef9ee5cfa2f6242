"""What the demo is asked for in vain is said before anything is started."""

from pathlib import Path

import pytest

from config import demo
from config.embedded import servers

HEAD = "timestamp,price,qty\n"
ROW = "16100640{second:02}000,{price},1\n"


def rows(*prices: str, seconds: tuple[int, ...] = (1, 2, 3, 4)) -> str:
    return HEAD + "".join(
        ROW.format(second=second, price=price) for second, price in zip(seconds, prices, strict=False)
    )


@pytest.fixture(autouse=True)
def _nothing_may_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("A server was started.")

    monkeypatch.setattr(servers, "start", refuse)
    monkeypatch.setattr(demo._Venue, "__enter__", refuse)
    monkeypatch.setattr(demo.bytecode, "share", lambda environment: None)
    monkeypatch.setattr(demo.signal, "signal", lambda *_: None)


class TestReplay:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty"),
            ("a,b,c\n1,2,3\n2,3,4\n3,4,5\n", "needs time and price"),
            (rows("NaN", "1", "1"), "row 1 of the data cannot be read"),
            (rows("100", "101", "102", seconds=(3, 2, 1)), "older than the row before it"),
            (rows("100"), "it needs three"),
            (rows("1", "900", "1", "1"), "which is no price"),
        ],
        ids=["empty", "columns", "nan", "unsorted", "one row", "absurd"],
    )
    def test_is_refused_with_what_is_wrong(
        self, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "prices.csv"
        file.write_text(text)

        assert demo.main(["--replay", str(file)]) == 2

        assert said in capsys.readouterr().err

    def test_needs_a_file_that_is_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert demo.main(["--replay", str(tmp_path / "none.csv")]) == 2

        assert "No such file" in capsys.readouterr().err

    def test_needs_a_zone_that_exists(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "prices.csv"
        file.write_text(rows("100", "101", "102"))

        assert demo.main(["--replay", str(file), "--zone", "Mars/Base"]) == 2

        assert "zone was 'Mars/Base'" in capsys.readouterr().err


class TestSymbol:
    @pytest.mark.parametrize("symbol", ["FOO", "btc/usdt", "BTC/", "ETH/BTC"])
    def test_is_a_pair_that_can_be_told(self, symbol: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert demo.main(["--symbol", symbol]) == 2

        assert "--symbol" in capsys.readouterr().err
