"""What goes wrong in the matrix, and where. No Django here: it is needed before the servers run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.crash import Place

SPOT, LINEAR = "SPOT", "LINEAR"


class Step(StrEnum):
    """Which request of an account goes wrong."""

    NONE = "nothing"
    ENTRY = "entry"
    STOP = "stop"
    CANCEL = "cancel"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, in the words of docs/venue.md."""

    name: str
    step: Step
    kind: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    #: how many requests in a row
    times: int = 1

    @property
    def is_closed_by_hand(self) -> bool:
        """Whether the position must be closed by its owner for the fault to happen."""
        return self.step in (Step.CANCEL, Step.CLOSE)

    def rules(self, account: str, market: str) -> list[dict[str, Any]]:
        """Return what the venue is told."""
        rule = {"fault": {"kind": self.kind, **self.options}, "times": self.times}
        return [{**rule, "match": {"account": account, **match}} for match in _matches(self.step, market)]


def _matches(step: Step, market: str) -> Sequence[Mapping[str, str]]:
    order = "/api/v3/order" if market == SPOT else "/fapi/v1/order"
    stop = "/api/v3/orderList/oco" if market == SPOT else "/fapi/v1/algoOrder"
    return {
        Step.NONE: [],
        Step.ENTRY: [{"method": "POST", "path": order, "side": "BUY"}],
        Step.STOP: [{"method": "POST", "path": stop}],
        Step.CANCEL: [{"method": "DELETE"}],
        Step.CLOSE: [{"method": "POST", "path": order, "side": "SELL", "type": "MARKET"}],
    }[step]


_DONE, _NOT_DONE = {"processed": True}, {"processed": False}


def _fault(name: str, step: Step, kind: str, times: int = 1, **options: Any) -> Fault:
    return Fault(name, step, kind, options, times)


_E = Step.ENTRY
FAULTS: tuple[Fault, ...] = (
    Fault("none", Step.NONE),
    _fault("answered after our time-out", _E, "late", ms=11_000),
    _fault("done, then reset", _E, "reset", **_DONE),
    _fault("reset, not done", _E, "reset", **_NOT_DONE),
    _fault("done, never answered", _E, "silence", **_DONE),
    _fault("not done, never answered", _E, "silence", **_NOT_DONE),
    _fault("done, 503 status unknown", _E, "unknown", **_DONE),
    _fault("not done, 503 status unknown", _E, "unknown", **_NOT_DONE),
    _fault("done, -1007", _E, "unknown", code=-1007, **_DONE),
    _fault("not done, -1006", _E, "unknown", code=-1006, **_NOT_DONE),
    _fault("done, 502", _E, "status", status=502, **_DONE),
    _fault("three times 502", _E, "status", times=3, status=502),
    _fault("done, garbage", _E, "garbage", body="garbage"),
    _fault("done, cut off", _E, "garbage", body="truncated"),
    _fault("done, empty answer", _E, "garbage", body="empty"),
    _fault("not done, HTML", _E, "garbage", body="html", **_NOT_DONE),
    _fault("done, {}", _E, "garbage", body="object"),
    _fault("done, dripping", _E, "drip", ms=2000, bytes=64),
    _fault("redirected", _E, "redirect"),
    _fault("429, retry after 2 s", _E, "throttle", status=429, retry_after=2),
    _fault("busy (-1008), twice", _E, "busy", times=2),
    _fault("our clock refused", _E, "skew"),
    _fault("refused for good", _E, "reject", code=-2010, msg="Account has insufficient balance."),
    _fault("not in any list at first", _E, "hide", ms=4000),
    _fault("filled in pieces", _E, "pieces", count=3, ms=300),
    _fault("half filled, then expired", _E, "partial", share="0.5"),
    _fault("fills told twice", _E, "duplicate_fill"),
    _fault("done, then reset", Step.STOP, "reset", **_DONE),
    _fault("reset, not done", Step.STOP, "reset", **_NOT_DONE),
    _fault("three times 502", Step.STOP, "status", times=3, status=502),
    _fault("done, garbage", Step.STOP, "garbage", body="garbage"),
    _fault("refused once", Step.STOP, "reject", code=-2010, msg="Order would fail for now."),
    _fault("done, then reset", Step.CANCEL, "reset", **_DONE),
    _fault("reset, not done", Step.CANCEL, "reset", **_NOT_DONE),
    _fault("filled a moment before", Step.CANCEL, "race_fill"),
    _fault("fill after the cancel", Step.CANCEL, "late_fill"),
    _fault("done, then reset", Step.CLOSE, "reset", **_DONE),
    _fault("reset, not done", Step.CLOSE, "reset", **_NOT_DONE),
    _fault("done, -1007", Step.CLOSE, "unknown", code=-1007, **_DONE),
)  # fmt: skip

#: Places of ``core.crash`` with the passing that kills, so that some accounts are through and others are not.
CRASHES: Mapping[str, str] = {
    "nowhere": "",
    Place.BEFORE_ROWS: "before-rows",
    Place.AFTER_ROWS: "after-rows",
    Place.AFTER_MESSAGES: "after-messages",
    Place.BEFORE_CLAIM: "before-claim:2",
    Place.AFTER_CLAIM: "after-claim:2",
    Place.INSIDE_DECISION: "inside-decision:2",
    Place.BEFORE_WIRE: "before-wire:2",
    Place.ON_THE_WIRE: "on-the-wire:20",
    Place.AFTER_ANSWER: "after-answer:20",
    Place.INSIDE_RECORDING: "inside-recording:2",
    Place.AFTER_RECORDING: "after-recording:2",
    Place.BEFORE_EXITS: "before-exits:2",
}

#: The shorter cut: what needs neither the end of a lease nor several proofs of absence.
QUICK_FAULTS = tuple(
    fault
    for fault in FAULTS
    if (fault.step, fault.name)
    in {
        (Step.NONE, "none"), (Step.ENTRY, "done, then reset"), (Step.ENTRY, "done, garbage"),
        (Step.ENTRY, "reset, not done"), (Step.ENTRY, "filled in pieces"), (Step.STOP, "done, then reset"),
        (Step.STOP, "refused once"), (Step.CANCEL, "filled a moment before"), (Step.CLOSE, "done, then reset"),
    }
)  # fmt: skip
QUICK_CRASHES = ("nowhere", Place.BEFORE_WIRE, Place.ON_THE_WIRE, Place.INSIDE_RECORDING)


@dataclass(frozen=True, slots=True)
class Cell:
    """One account of the matrix: one fault, one place where its worker dies, one market."""

    number: int
    place: str
    fault: Fault
    market: str

    @property
    def name(self) -> str:
        return f"cell{self.number:04}"


def cells(places: Sequence[str], faults: Sequence[Fault]) -> list[Cell]:
    """Return every fault with every place on both markets."""
    wanted = [(place, fault, market) for place in places for fault in faults for market in (SPOT, LINEAR)]
    return [Cell(number, *each) for number, each in enumerate(wanted)]
