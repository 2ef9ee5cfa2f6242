"""Figures of performance. Pure; the conventions, with formulas and sources, are in docs/metrics.md.

A return is a fraction of the equity at the start of its period. One that is unknown is None: it is left out of means
and deviations, and its period still counts when figures are annualised. A figure that means nothing is None.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext

from core.decimals import CONTEXT, ONE, ZERO

#: Crypto trades every day. Stock conventions use 252.
PERIODS_PER_YEAR = 365

Returns = Sequence[Decimal | None]


def win_rate(*, wins: int, trades: int) -> Decimal | None:
    """Return the share of trades that won; one that came out even is no win."""
    return Decimal(wins) / trades if trades else None


def profit_factor(*, gross_profit: Decimal, gross_loss: Decimal) -> Decimal | None:
    """Return what winners brought for each unit that losers took. ``gross_loss`` is positive."""
    return gross_profit / gross_loss if gross_loss else None


def expectancy(*, gross_profit: Decimal, gross_loss: Decimal, trades: int) -> Decimal | None:
    """Return what a trade brought on average."""
    return (gross_profit - gross_loss) / trades if trades else None


def largest_fall(equity: Iterable[Decimal]) -> Decimal | None:
    """Return the largest fall from a peak as a negative fraction of it. The first number is the equity at the start.

    Falls are measured from peaks above zero only, and nobody loses more than everything: the least is -1.
    """
    peak, largest = ZERO, None
    with localcontext(CONTEXT):
        for level in equity:
            peak = max(peak, level)
            if peak > 0:
                fall = max((level - peak) / peak, -ONE)
                largest = fall if largest is None else min(largest, fall)
    return largest


def total_return(returns: Returns) -> Decimal | None:
    """Return what all periods made together, compounded."""
    return _curve(returns)[-1] - ONE if returns else None


def max_drawdown(returns: Returns) -> Decimal | None:
    """Return the largest fall of the compounded curve, which starts before the first return."""
    return largest_fall(_curve(returns)) if returns else None


def annual_return(returns: Returns, *, per_year: int = PERIODS_PER_YEAR) -> Decimal | None:
    """Return the yearly return that compounds to the same end."""
    total = total_return(returns)
    if total is None or total <= -ONE:
        return total
    with localcontext(CONTEXT):
        return (ONE + total) ** (Decimal(per_year) / len(returns)) - ONE


def volatility(returns: Returns, *, per_year: int = PERIODS_PER_YEAR) -> Decimal | None:
    """Return the yearly sample deviation of the returns."""
    deviation = _deviation(_known(returns))
    if deviation is None:
        return None
    with localcontext(CONTEXT):
        return deviation * Decimal(per_year).sqrt()


def downside_risk(returns: Returns, *, per_year: int = PERIODS_PER_YEAR) -> Decimal | None:
    """Return the yearly deviation of what fell below zero, over all periods and not only the bad ones."""
    known = _known(returns)
    if not known:
        return None
    with localcontext(CONTEXT):
        squares = sum((min(each, ZERO) ** 2 for each in known), ZERO)
        return (squares / len(known)).sqrt() * Decimal(per_year).sqrt()


def sharpe(returns: Returns, *, per_year: int = PERIODS_PER_YEAR) -> Decimal | None:
    """Return the yearly mean return for each unit of deviation; infinite where nothing deviates. No risk-free rate."""
    known = _known(returns)
    deviation = _deviation(known)
    if deviation is None:
        return None
    with localcontext(CONTEXT):
        return _ratio(_mean(known) * Decimal(per_year).sqrt(), deviation)


def sortino(returns: Returns, *, per_year: int = PERIODS_PER_YEAR) -> Decimal | None:
    """Return the yearly mean return for each unit of downside risk; infinite where nothing fell."""
    known = _known(returns)
    risk = downside_risk(returns, per_year=per_year)
    if len(known) < 2 or risk is None:
        return None
    with localcontext(CONTEXT):
        return _ratio(_mean(known) * per_year, risk)


def calmar(returns: Returns, *, per_year: int = PERIODS_PER_YEAR) -> Decimal | None:
    """Return the yearly return for each unit of the largest fall; None where nothing fell."""
    fall, yearly = max_drawdown(returns), annual_return(returns, per_year=per_year)
    if not fall or yearly is None:
        return None
    with localcontext(CONTEXT):
        return yearly / -fall


def _known(returns: Returns) -> list[Decimal]:
    return [each for each in returns if each is not None]


def _curve(returns: Returns) -> list[Decimal]:
    curve = [ONE]
    with localcontext(CONTEXT):
        for each in returns:
            curve.append(curve[-1] * (ONE + (each or ZERO)))
    return curve


def _mean(numbers: Sequence[Decimal]) -> Decimal:
    return sum(numbers, ZERO) / len(numbers)


def _deviation(numbers: Sequence[Decimal]) -> Decimal | None:
    if len(numbers) < 2:
        return None
    with localcontext(CONTEXT):
        mean = _mean(numbers)
        return (sum(((each - mean) ** 2 for each in numbers), ZERO) / (len(numbers) - 1)).sqrt()


def _ratio(gain: Decimal, risk: Decimal) -> Decimal | None:
    if risk == 0:
        return Decimal("Infinity").copy_sign(gain) if gain else None
    return gain / risk
