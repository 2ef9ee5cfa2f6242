"""Trades or quotes from a CSV file, one after the other, columns and times guessed where nobody says.

`python -m venue.replay FILE` prints what was understood and what the file holds. A file may be gzipped and may be
larger than memory: it is read as it is replayed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import IO, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: What a column may be called, per thing it can be; compared without case, spaces and underscores.
NAMES = {
    "time": "time timestamp ts tsms timestampms timestamputc date datetime epoch t",
    "price": "price p last lastprice close rate",
    "size": "size qty quantity amount volume vol q",
    "bid": "bid bidprice b bestbid",
    "ask": "ask askprice a offer bestask",
    "bid_size": "bidsize bidqty bidquantity bidvolume bidamount",
    "ask_size": "asksize askqty askquantity askvolume askamount",
    "side": "side takerside direction",
    "sold": "buyermaker isbuyermaker m buyerismaker",
}
MEANINGS = {name: meaning for meaning, names in NAMES.items() for name in names.split()}
SKIP = "-"
COMPACT = re.compile(r"(\d{8}) (\d{6})(\d{3})?")
#: Rows looked at before a file without a header is judged.
SAMPLE = 20
#: Two columns this close to each other (as a ratio) are bid and ask.
WIDEST_SPREAD = Decimal("0.02")
#: HistData's convention: Eastern Standard Time all the year round.
EST = timezone(timedelta(hours=-5), "EST")


@dataclass(frozen=True, slots=True)
class Row:
    """A trade (price) or a quote (bid and ask) at a time in epoch milliseconds."""

    time: int
    price: Decimal | None = None
    size: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    #: The taker sold.
    sold: bool = False

    @property
    def mid(self) -> Decimal:
        if self.price is not None:
            return self.price
        assert self.bid is not None
        assert self.ask is not None
        return (self.bid + self.ask) / 2


def zone_of(name: str) -> tzinfo:
    """This function will read a zone: UTC, EST (fixed), +02:00, or a name such as Europe/Berlin.

    Raises: ValueError when it is none of these.
    """
    if name.upper() == "EST":
        return EST
    if name.upper() in ("UTC", "Z"):
        return UTC
    offset = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as e:
        raise ValueError(f"zone was {name!r} but must be UTC, EST, an offset like +02:00 or an IANA name") from e


def time_of(text: str, zone: tzinfo) -> int:
    """This function will read a time: epoch s, ms, us or ns, ISO, or `YYYYMMDD HHMMSSmmm`.

    Raises: ValueError when it is none of these.
    """
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text) and len(text.split(".")[0]) >= 9:
        return _epoch_ms(Decimal(text))
    compact = COMPACT.fullmatch(text)
    if compact:
        moment = datetime.strptime(compact[1] + compact[2], "%Y%m%d%H%M%S").replace(tzinfo=zone)
        return round(moment.timestamp() * 1000) + int(compact[3] or 0)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


def _epoch_ms(value: Decimal) -> int:
    if value < 10**11:
        return int(value * 1000)
    scale = 1 if value < 10**14 else 10**3 if value < 10**17 else 10**6
    return int(value / scale)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.strip()).is_finite()
    except InvalidOperation:
        return False


def _is_time(text: str) -> bool:
    try:
        time_of(text, UTC)
    except ValueError:
        return False
    return True


def is_header(cells: Sequence[str]) -> bool:
    """This function will tell a line of names from a line of data: no cell of a header is a number or a time."""
    return not any(_is_number(cell) or _is_time(cell) for cell in cells if cell.strip())


def columns_named(cells: Sequence[str]) -> list[str]:
    """This function will translate column names, a header's or the operator's, into meanings."""
    names = [re.sub(r"[^a-z]", "", cell.lower()) for cell in cells]
    found: list[str] = []
    for name in names:
        meaning = MEANINGS.get(name, SKIP)
        found.append(SKIP if meaning in found else meaning)
    return found


def guess_columns(sample: Sequence[Sequence[str]]) -> list[str]:
    """This function will judge a file without a header by its first rows.

    Raises: ValueError when no column is a time, or nothing looks like a price.
    """
    width = min(len(row) for row in sample)
    columns = [SKIP] * width
    times = [index for index in range(width) if all(_is_time(row[index]) for row in sample)]
    if not times:
        raise ValueError("no column of the file looks like a time; name them with --replay-columns")
    columns[times[0]] = "time"
    others = [i for i in range(width) if i != times[0] and all(_is_number(row[i]) for row in sample)]
    for left, right in pairwise(others):
        if all(_is_spread(Decimal(row[left]), Decimal(row[right])) for row in sample):
            columns[left], columns[right] = "bid", "ask"
            return columns
    # A rising whole number in front of the price is a trade id.
    prices = [i for i in others if not _is_counter([row[i] for row in sample])]
    if not prices:
        raise ValueError("no column of the file looks like a price; name them with --replay-columns")
    columns[prices[0]] = "price"
    if len(prices) > 1:
        columns[prices[1]] = "size"
    flags = [i for i in range(width) if all(row[i].lower() in ("true", "false") for row in sample)]
    if flags:
        columns[flags[0]] = "sold"
    return columns


def _is_spread(bid: Decimal, ask: Decimal) -> bool:
    return bid > 0 and 0 <= ask - bid <= bid * WIDEST_SPREAD


def _is_counter(cells: Sequence[str]) -> bool:
    if not all(cell.strip().isdigit() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return len(numbers) > 1 and all(a < b for a, b in pairwise(numbers))


def _open(path: str) -> IO[str]:
    with Path(path).open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    return cast("IO[str]", gzip.open(path, "rt", newline="")) if zipped else Path(path).open(newline="")


@dataclass(slots=True)
class Reader:
    """A file with what is known or guessed about it."""

    path: str
    columns: str | None = None
    zone: str = "UTC"
    header: bool | None = None

    def layout(self, lines: Iterator[list[str]]) -> tuple[list[str], Iterator[list[str]]]:
        """This function will find the meaning of the columns and return the lines that are data."""
        sample = [line for line in islice(lines, SAMPLE + 1) if any(cell.strip() for cell in line)]
        if not sample:
            raise ValueError(f"{self.path} is empty")
        headed = is_header(sample[0]) if self.header is None else self.header
        data = sample[1:] if headed else sample
        if self.columns:
            columns = columns_named(self.columns.split(","))
        else:
            columns = columns_named(sample[0]) if headed else guess_columns(data)
        if "time" not in columns or not ("price" in columns or {"bid", "ask"} <= set(columns)):
            raise ValueError(f"{self.path} needs time and price, or time, bid and ask; columns were {columns}")
        return columns, chain(data, lines)

    def rows(self) -> Iterator[Row]:
        """This function will read the file row by row.

        Raises: ValueError naming the line that cannot be read.
        """
        zone = zone_of(self.zone)
        with _open(self.path) as file:
            columns, lines = self.layout(csv.reader(file))
            for number, cells in enumerate(lines, start=1):
                try:
                    yield _row(dict(zip(columns, cells, strict=False)), zone)
                except (ValueError, KeyError, InvalidOperation) as e:
                    raise ValueError(f"{self.path}: row {number} of the data cannot be read: {cells}") from e

    def describe(self) -> dict[str, object]:
        """This function will read the whole file and tell what is in it."""
        with _open(self.path) as file:
            columns, _ = self.layout(csv.reader(file))
        count, first, last = 0, None, None
        low = high = None
        for row in self.rows():
            count, last, first = count + 1, row, first or row
            low = row if low is None or row.mid < low.mid else low
            high = row if high is None or row.mid > high.mid else high
        points = {"first": first, "last": last, "low": low, "high": high}
        return {
            "columns": columns,
            "rows": count,
            **{name: _point(row) for name, row in points.items() if row is not None},
        }


def _row(cells: dict[str, str], zone: tzinfo) -> Row:
    numbers = {
        name: Decimal(cells[name])
        for name in ("price", "size", "bid", "ask", "bid_size", "ask_size")
        if cells.get(name, "").strip()
    }
    sold = cells.get("sold", "").lower() in ("true", "1") or cells.get("side", "").lower().startswith("s")
    row = Row(time=time_of(cells["time"], zone), sold=sold, **numbers)
    if row.mid <= 0:
        raise ValueError("the price was not positive")
    return row


def _point(row: Row) -> dict[str, str]:
    moment = datetime.fromtimestamp(row.time / 1000, UTC)
    return {"time": moment.isoformat(timespec="milliseconds"), "price": str(row.mid)}


def add_options(parser: argparse._ActionsContainer, prefix: str = "--") -> None:
    parser.add_argument(
        f"{prefix}columns",
        metavar="NAMES",
        help="comma-separated meaning of each column: time, price, size, bid, ask, bid_size, ask_size, side, sold, "
        "or - to skip it; guessed if left out",
    )
    parser.add_argument(
        f"{prefix}zone", default="UTC", help="zone of times that carry none: UTC, EST, +02:00, Europe/Berlin"
    )
    parser.add_argument(
        f"{prefix}header",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether the first line holds names; guessed if left out",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m venue.replay", description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--rows", action="store_true", help="print every row as a line of JSON instead")
    add_options(parser)
    given = parser.parse_args()
    reader = Reader(given.file, given.columns, given.zone, given.header)
    try:
        if given.rows:
            for row in reader.rows():
                print(
                    json.dumps(
                        {name: value for name, value in asdict(row).items() if value is not None}, default=str
                    )
                )
        else:
            print(json.dumps(reader.describe(), indent=2))
    except BrokenPipeError:
        # Whoever read the rows has seen enough.
        sys.stderr.close()
    except (OSError, ValueError) as e:
        sys.exit(f"replay: {e}")


if __name__ == "__main__":
    main()
