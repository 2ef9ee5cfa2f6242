"""The figures of third parties.

Sources: E is quantopian/empyrical@40f61b4f, empyrical/tests/test_stats.py (Apache-2.0), 252 days or 52 weeks or 12
months a year; N is nautechsystems/nautilus_trader@a95c8042, its analysis tests.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest

from analytics import metrics

D = Decimal


def series(*numbers: str) -> list[Decimal | None]:
    """Returns as text; a dash is one that is unknown."""
    return [None if number == "-" else Decimal(number) for number in numbers]


MIXED = series("-", "0.01", "0.1", "-0.04", "0.02", "0.03", "0.02", "0.01", "-0.1")
WEEKLY = series("0", "0.01", "0.1", "-0.04", "0.02", "0.03", "0.02", "0.01", "-0.1")
POSITIVE = series("0.01", "0.02", *["0.01"] * 7)
NEGATIVE = series("0", "-0.06", "-0.07", "-0.01", "-0.09", "-0.02", "-0.06", "-0.08", "-0.05")
FLAT = series(*["0.01"] * 9)
ONE = series(
    "-0.00171614", "0.01322056", "0.03063862", "-0.01422057", "-0.00489779", "0.01268925", "-0.03357711", "0.01797036"
)  # fmt: skip

FIGURES = [
    ("E", metrics.total_return, MIXED, {}, "0.03893", "0.00005"),
    ("E", metrics.total_return, NEGATIVE, {}, "-0.3659", "0.00005"),
    ("E", metrics.max_drawdown, series("0.01"), {}, "0", "1e-8"),
    ("E", metrics.max_drawdown, MIXED, {}, "-0.1", "1e-8"),
    ("E", metrics.max_drawdown, NEGATIVE, {}, "-0.365907303498736", "1e-8"),
    ("E", metrics.max_drawdown, series("0.1", "-0.1", "0.1"), {}, "-0.1", "1e-8"),
    ("N", metrics.max_drawdown, series("0.1", "-0.1", "0.5", "-0.2", "0.1"), {}, "-0.2", "1e-8"),
    ("N", metrics.max_drawdown, series("0.01", "0.02", "0.01", "0.015"), {}, "0", "1e-8"),
    ("E", metrics.annual_return, WEEKLY, {"per_year": 52}, "0.24690830513998208", "1e-8"),
    ("E", metrics.annual_return, MIXED, {"per_year": 252}, "1.9135925373194231", "1e-8"),
    ("E", metrics.volatility, MIXED, {"per_year": 252}, "0.9136465399704637", "1e-8"),
    ("E", metrics.volatility, WEEKLY, {"per_year": 12}, "0.18663690238892558", "1e-8"),
    ("E", metrics.calmar, WEEKLY, {"per_year": 52}, "2.4690830513998208", "1e-8"),
    ("E", metrics.sharpe, MIXED, {"per_year": 252}, "1.7238613961706866", "1e-8"),
    ("E", metrics.sharpe, POSITIVE, {"per_year": 252}, "52.915026221291804", "1e-8"),
    ("N", metrics.sharpe, series("1", "-1"), {"per_year": 252}, "0", "1e-8"),
    ("E", metrics.downside_risk, series("0.01"), {"per_year": 252}, "0", "1e-8"),
    ("E", metrics.downside_risk, MIXED, {"per_year": 252}, "0.6044832503882965", "1e-8"),
    ("E", metrics.downside_risk, WEEKLY, {"per_year": 52}, "0.25888650451930134", "1e-8"),
    ("E", metrics.downside_risk, ONE, {"per_year": 252}, "0.20671788246185202", "1e-8"),
    ("E", metrics.sortino, NEGATIVE, {"per_year": 252}, "-13.5327430750434", "1e-8"),
    ("E", metrics.sortino, WEEKLY, {"per_year": 52}, "1.115890105686644", "1e-8"),
    ("E", metrics.sortino, ONE, {"per_year": 252}, "3.0639640966566306", "1e-8"),
    ("E", metrics.sortino, ONE, {"per_year": 12}, "0.6686117809312383", "1e-8"),
    ("N", metrics.sortino, series("-0.01", "0.02", "-0.015", "0.005", "-0.02"), {"per_year": 252}, "-5.273224492824493", "1e-8"),
]  # fmt: skip


class TestFigures:
    @pytest.mark.parametrize(("source", "figure", "returns", "options", "expected", "tolerance"), FIGURES)
    def test_agree_with_the_source(
        self,
        source: str,
        figure: Callable[..., Decimal],
        returns: metrics.Returns,
        options: dict[str, int],
        expected: str,
        tolerance: str,
    ) -> None:
        assert figure(returns, **options) == pytest.approx(D(expected), abs=D(tolerance))

    @pytest.mark.parametrize(
        ("figure", "returns"),
        [
            (metrics.total_return, []),
            (metrics.annual_return, []),
            (metrics.max_drawdown, []),
            (metrics.volatility, series("0.01")),
            (metrics.sharpe, series("0.01")),
            (metrics.sharpe, series("0", "0")),
            (metrics.sharpe, series("-", "-")),
            (metrics.sortino, []),
            (metrics.downside_risk, series("-")),
            (metrics.calmar, series("0.01")),
        ],
    )
    def test_are_none_where_they_mean_nothing(
        self, figure: Callable[..., Decimal | None], returns: metrics.Returns
    ) -> None:
        assert figure(returns) is None

    def test_are_infinite_where_nothing_deviates(self) -> None:
        assert metrics.sharpe(FLAT) == D("Infinity")
        assert metrics.sharpe(series("-0.01", "-0.01")) == D("-Infinity")
        assert metrics.sortino(FLAT) == D("Infinity")

    def test_end_at_everything_lost(self) -> None:
        ruin = series("0.1", "-1", "0.5")

        assert metrics.total_return(ruin) == metrics.annual_return(ruin) == metrics.max_drawdown(ruin) == -1


class TestLargestFall:
    def test_starts_before_the_first_return(self) -> None:
        assert metrics.largest_fall([D(100), D(90), D(120)]) == D("-0.1")

    def test_is_never_more_than_everything(self) -> None:
        assert metrics.largest_fall([D(100), D(-50)]) == -1

    def test_is_unknown_without_money(self) -> None:
        assert metrics.largest_fall([D(0), D(-5)]) is None


class TestTrades:
    def test_expect_what_they_brought_on_average(self) -> None:
        # N: [2, 1.5, 1, 0.5, -1]
        assert metrics.expectancy(gross_profit=D(5), gross_loss=D(1), trades=5) == D("0.8")

    def test_have_a_win_rate_and_a_profit_factor(self) -> None:
        assert metrics.win_rate(wins=3, trades=4) == D("0.75")
        assert metrics.profit_factor(gross_profit=D(6), gross_loss=D(4)) == D("1.5")

    def test_say_nothing_when_there_were_none(self) -> None:
        assert metrics.win_rate(wins=0, trades=0) is None
        assert metrics.expectancy(gross_profit=D(0), gross_loss=D(0), trades=0) is None
        assert metrics.profit_factor(gross_profit=D(6), gross_loss=D(0)) is None
