"""Where a recorded price path would take a signal: entry, stop and targets it really crosses. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

#: How much of the way to a turning point a level lies, so that small steps around it do not matter.
WITHIN = Decimal("0.6")
#: Entries that are tried; more would find little and cost time on a long file.
MOST_ENTRIES = 60


@dataclass(frozen=True, slots=True)
class Tick:
    """One moment of the path. For trades both sides are the price."""

    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class Levels:
    """A buy that the path can tell. ``crosses_target`` and ``crosses_stop`` say what it will really do."""

    #: number of the row at which the signal is published
    entry_row: int
    entry: Decimal
    stop: Decimal
    targets: tuple[Decimal, ...]
    crosses_target: bool
    crosses_stop: bool


def levels_of(path: Sequence[Tick], *, tick: Decimal) -> Levels:
    """Return the levels of a buy for which the path reaches target one and then the stop, where it can.

    Of some entries the one with the most room is taken: room is the smaller of how far the bid rises above the
    entry first and how far it falls below it afterwards. A path that allows only one of the two tells that one.

    Raises:
        ValueError: the path has fewer than three rows.
    """
    if len(path) < 3:
        raise ValueError(f"A path of {len(path)} rows tells nothing; it needs three.")
    step = max(1, len(path) // MOST_ENTRIES)
    best = max((_turn(path, row) for row in range(0, max(1, len(path) - 2), step)), key=lambda turn: turn.room)
    entry, up, down = path[best.row].ask, max(best.up, Decimal(0)), max(best.down, Decimal(0))
    far = max(up, down, tick * 10)
    reach = _on_tick(up * WITHIN, tick) if up > 2 * tick else _on_tick(far * 2, tick)
    risk = (
        _on_tick(min(down * WITHIN, _deepest_before(best) or down), tick)
        if down > 2 * tick
        else _on_tick(far * 2, tick)
    )
    risk = max(risk, tick)
    return Levels(
        entry_row=best.row,
        entry=entry,
        stop=entry - risk,
        targets=(entry + reach, entry + reach * 3, entry + reach * 6),
        crosses_target=up > 2 * tick,
        crosses_stop=down > 2 * tick,
    )


@dataclass(frozen=True, slots=True)
class _Turn:
    row: int
    #: how far the bid rises above the entry, and falls below it after that
    up: Decimal
    down: Decimal
    #: how far it falls below the entry before it rises
    before: Decimal

    @property
    def room(self) -> Decimal:
        return min(self.up, self.down) - max(self.before, Decimal(0))


def _turn(path: Sequence[Tick], row: int) -> _Turn:
    entry = path[row].ask
    bids = [each.bid for each in path[row + 1 :]]
    lows = list(bids)
    for place in range(len(lows) - 2, -1, -1):
        lows[place] = min(lows[place], lows[place + 1])
    peak = max(range(len(bids)), key=lambda place: min(bids[place] - entry, entry - lows[place]))
    first = min(bids[: peak + 1])
    return _Turn(row, bids[peak] - entry, entry - lows[peak], entry - first)


def _deepest_before(turn: _Turn) -> Decimal | None:
    # The stop must lie below everything the path does before it reaches the target.
    return None if turn.before < turn.down * WITHIN else (turn.before + turn.down) / 2


def _on_tick(distance: Decimal, tick: Decimal) -> Decimal:
    return max((distance / tick).to_integral_value(), Decimal(1)) * tick
