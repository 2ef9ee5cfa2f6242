"""Chaos with a seed: signals, faults, kills, doubled messages and prices at random, until enough orders were placed.

Then everything behaves, both books are compared, every position is closed, and they are compared again.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bench.faults import matrix
from bench.faults.catalogue import CRASHES, FAULTS, LINEAR, SPOT, Fault, Step
from bench.faults.ground import CREW, Ground
from bench.nursery import worker

PRESET = {
    "sizing_mode": "FIXED_QUANTITY",
    "size": "0.01",
    "duplicate_policy": "ADD",
    "max_open_positions": 1000,
}
MONEY = "10000000"
OPENING = Decimal(60_000)
#: So many accounts share one address, and with it one request budget.
NEIGHBOURS = 10
#: No more rows than this wait for their outcome before the next signal.
MOST_UNDECIDED = 400
CALM_TIMEOUT_S = 600
_QUERIES = (
    Fault("502 to questions", Step.NONE, "status", {"status": 502}),
    Fault("questions unanswered", Step.NONE, "silence"),
    Fault("old balances", Step.NONE, "stale", {"seconds": 5}),
    Fault("garbage to questions", Step.NONE, "garbage", {"body": "html"}),
)


@dataclass
class Drill:
    """One run. What it does is decided by the seed; when it happens, by the machine."""

    ground: Ground
    chance: random.Random
    accounts: Sequence[tuple[str, str]]
    say: Callable[[str], None]
    price: Decimal = OPENING
    signals: list[Any] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def run(self, channel: Any, orders: int) -> None:
        """Make trouble until the venue has had so many orders."""
        begun, told = time.monotonic(), 0
        while (placed := self._placed()) < orders:
            self._signal(channel)
            for _ in range(self.chance.randint(2, 6)):
                self.chance.choice(_TROUBLE)(self)
                time.sleep(self.chance.uniform(0.02, 0.4))
            self.ground.crew.look_after()
            self.ground.wait(lambda: self._undecided() < MOST_UNDECIDED, "rows to be decided", 300)
            if placed - told >= 500:
                told = placed
                self.say(f"  {placed} orders after {time.monotonic() - begun:.0f} s")

    # --- signals ------------------------------------------------------------------------------------------------

    def _signal(self, channel: Any) -> None:
        side = self.chance.choice(["BUY", "BUY", "SELL"])
        sign = 1 if side == "BUY" else -1
        stop = self._beside(-sign, self.chance.uniform(0.003, 0.02))
        count = self.chance.randint(0, 3)
        shares = {0: [], 1: ["1"], 2: ["0.5", "0.5"], 3: ["0.5", "0.3", "0.2"]}[count]
        steps = sorted(self.chance.uniform(0.002, 0.03) for _ in shares)
        targets = [
            {"price": self._beside(sign, step), "share": share} for step, share in zip(steps, shares, strict=True)
        ]
        rests = self.chance.random() < 0.2
        terms = {
            "currency_pair": "BTC/USDT",
            "direction": side,
            "order_type": "LIMIT" if rests else "MARKET",
            "open_price": self._beside(-sign, 0.001) if rests else str(self.price),
            "sl": stop,
            "targets": targets,
        }
        self.signals.append(matrix.publish(channel, f"drill {len(self.signals)}", terms))
        self.done["signals"] += 1

    def _beside(self, sign: int, share: float) -> str:
        return str((self.price * (1 + sign * Decimal(f"{share:.5f}"))).quantize(Decimal("0.1")))

    def withdraw(self) -> None:
        """The provider takes a signal back."""
        if _take_back(self.chance.choice(self.signals)):
            self.done["withdrawn"] += 1

    # --- the venue ----------------------------------------------------------------------------------------------

    def fault(self) -> None:
        """Something goes wrong for one account, a few times."""
        name, market = self.chance.choice(self.accounts)
        fault = self.chance.choice(FAULTS)
        for rule in fault.rules(name, market):
            self.ground.venue.post("/admin/faults", {**rule, "times": self.chance.randint(1, 4)})
            self.done["faults"] += 1

    def storm(self) -> None:
        """Something goes wrong for everybody now and then."""
        fault = self.chance.choice([each for each in FAULTS if each.step is not Step.NONE])
        for rule in fault.rules("", self.chance.choice([SPOT, LINEAR])):
            match = {key: value for key, value in rule["match"].items() if key != "account"}
            odds = {"times": self.chance.randint(5, 40), "probability": 0.3, "seed": self.chance.randint(1, 10**6)}
            self.ground.venue.post("/admin/faults", {**rule, "match": match, **odds})
            self.done["storms"] += 1

    def deafness(self) -> None:
        """Questions of one account are not answered as they should be."""
        name, _ = self.chance.choice(self.accounts)
        fault = self.chance.choice(_QUERIES)
        rule = {"match": {"account": name, "method": "GET"}, "times": self.chance.randint(1, 8)}
        self.ground.venue.post("/admin/faults", {**rule, "fault": {"kind": fault.kind, **fault.options}})
        self.done["faults"] += 1

    def absence(self) -> None:
        """The venue is gone for a moment."""
        self.ground.venue.post("/admin/away", {"seconds": self.chance.uniform(0.2, 3)})
        self.done["absences"] += 1

    def move(self) -> None:
        """The price moves, and with it what rests."""
        step = Decimal(f"{self.chance.uniform(-0.004, 0.004):.5f}")
        drift = (OPENING - self.price) / OPENING / 20
        self.price = (self.price * (1 + step + drift)).quantize(Decimal("0.1"))
        self.ground.venue.move_price(matrix.SYMBOL, str(self.price))
        self.done["price moves"] += 1

    # --- the house ----------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """Somebody of the crew dies now."""
        self.ground.crew.kill(self.chance.choice(list(CREW)))
        self.done["kills"] += 1

    def doom(self) -> None:
        """Another worker joins, and dies somewhere on the way of an order."""
        place = self.chance.choice([each for each in CRASHES if each != "nowhere"] + ["inside-verdict"])
        number = self.done["doomed workers"]
        queues = self.chance.choice(["orders", "exits", "orders,exits"])
        passing = self.chance.randint(1, 30)
        self.ground.nursery.start(worker(f"doomed{number}", queues), crash_at=f"{place}:{passing}")
        self.done["doomed workers"] += 1

    def repeat(self) -> None:
        """Old messages come again, out of order."""
        from events.models import Event
        from execution import tasks
        from execution.models import ExecutionLog

        signal = self.chance.choice(self.signals)
        for event in Event.objects.filter(kind="signal.published", subject_id=str(signal.pk)):
            tasks.run_fan_out_job.delay(event_id=event.pk)
        rows = [str(key) for key in ExecutionLog.objects.filter(signal=signal).values_list("pk", flat=True)]
        self.chance.shuffle(rows)
        if rows:
            tasks.run_execute_job.delay(log_ids=rows)
        self.done["repeated messages"] += 1

    def close(self) -> None:
        """Owners close positions by hand."""
        from execution import tasks
        from positions.models import ExecutionPosition, PositionStatus

        found = ExecutionPosition.objects.filter(status=PositionStatus.OPEN).order_by("pk")
        keys = list(found.values_list("pk", flat=True)[:200])
        chosen = self.chance.sample(keys, min(len(keys), self.chance.randint(1, 15)))
        matrix.request_close(chosen)
        if chosen:
            tasks.run_advance_job.delay(position_ids=[str(key) for key in chosen])
        self.done["closed by hand"] += len(chosen)

    # --- the end ------------------------------------------------------------------------------------------------

    def calm_down(self) -> None:
        """Let everything behave, and the doomed be killed."""
        self.ground.venue.forget_faults()
        crew = set(self.ground.crew.pids.values())
        for pid in self.ground.nursery.pids - crew:
            self.ground.nursery.kill(pid)

    def _placed(self) -> int:
        from execution.models import Order

        return Order.objects.filter(acknowledged_at__isnull=False).count()

    def _undecided(self) -> int:
        from execution.models import ExecutionLog
        from execution.outcomes import LogStatus

        return ExecutionLog.objects.filter(status__in=[LogStatus.PENDING, LogStatus.CLAIMED]).count()


#: What may happen after a signal, as often as it stands here.
_TROUBLE: tuple[Callable[[Drill], None], ...] = (
    Drill.fault, Drill.fault, Drill.fault, Drill.storm, Drill.deafness, Drill.absence, Drill.move, Drill.move,
    Drill.move, Drill.kill, Drill.doom, Drill.repeat, Drill.close, Drill.withdraw,
)  # fmt: skip


def run(ground: Ground, accounts: Sequence[tuple[str, str]], seed: int, orders: int, say: matrix.Say) -> list[str]:
    """Play a drill to its end and return what was wrong."""
    from bench.faults import books, cast

    seats = [
        cast.Seat(number, name, market, ground.venue.address(number // NEIGHBOURS), "drill")
        for number, (name, market) in enumerate(accounts)
    ]
    channel = cast.seed(seats, PRESET)["drill"]
    matrix.start(ground)
    drill = Drill(ground, random.Random(seed), accounts, say)
    drill.run(channel, orders)
    say("  " + ", ".join(f"{count} {what}" for what, count in sorted(drill.done.items())))
    drill.calm_down()
    say(f"  settled after {ground.wait(books.is_settled, 'the books to be settled', CALM_TIMEOUT_S):.0f} s")
    found = _findings(ground)
    for signal in drill.signals:  # what still rests must not open anything new
        _take_back(signal)
    _close_all(ground)
    found += _findings(ground)
    totals = books.compare(ground.venue).values()
    lost, doubled = (sum(len(getattr(each, name)) for each in totals) for name in ("lost", "doubled"))
    at_venue, known = sum(each.at_venue for each in totals), sum(each.known for each in totals)
    say(f"  {at_venue} orders at the venue, {known} of them known, {lost} lost, {doubled} doubled")
    return found


def _take_back(signal: Any) -> bool:
    """Withdraw a signal unless it is over."""
    from core.clock import now
    from signals import services as signals
    from signals.rules import SignalStatus

    signal.refresh_from_db()
    if signal.status != SignalStatus.PUBLISHED:
        return False
    signals.withdraw(signal=signal, actor=None, now=now())
    return True


def _findings(ground: Ground) -> list[str]:
    from bench.faults import books

    return [fault for each in books.compare(ground.venue).values() for fault in each.faults]


def _close_all(ground: Ground) -> None:
    from bench.faults import books
    from execution import tasks
    from positions.models import ExecutionPosition, PositionStatus

    is_open = ExecutionPosition.objects.filter(status=PositionStatus.OPEN)
    keys = list(is_open.values_list("pk", flat=True))
    matrix.request_close(keys)
    for start in range(0, len(keys), 50):
        tasks.run_advance_job.delay(position_ids=[str(key) for key in keys[start : start + 50]])
    ground.wait(lambda: not is_open.exists() and books.is_settled(), "everything to be closed", CALM_TIMEOUT_S)
