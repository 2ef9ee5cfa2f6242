"""Faults on demand: rules that say which request goes wrong, how, and how often.

The kinds are listed in KINDS with their options; what each does on the wire is in `wire/answers.py`, what it does
to the order in `aftermath.py` and `engine/matching.py`, and what it does to streams in `wire/hub.py`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import count
from typing import Any

from venue.engine.matching import Mischief

#: Every kind with its options and their defaults. `processed` says whether the request takes effect.
KINDS: dict[str, dict[str, Any]] = {
    # the answer
    "late": {"ms": 1000, "before": False},
    "reset": {"processed": True},
    "silence": {"processed": True},
    "unknown": {"code": 0, "processed": True},
    "status": {"status": 502, "body": "<html><body>Bad Gateway</body></html>", "processed": False},
    "garbage": {"body": "garbage", "processed": True},
    "redirect": {"status": 302, "location": "https://www.binance.com/", "processed": False},
    "throttle": {"status": 429, "retry_after": 1},
    "reject": {"code": -2010, "msg": "Order rejected by the fault rule.", "status": 400},
    "busy": {},
    "drip": {"ms": 50, "bytes": 16, "processed": True},
    "skew": {"ms": 90_000},
    "away": {"seconds": 1.0, "listener": True, "processed": True},
    # the order
    "partial": {"share": "0.5"},
    "pieces": {"count": 3, "ms": 20},
    "forget": {"effect": True},
    "hide": {"ms": 500},
    "duplicate_fill": {"copies": 2},
    "late_fill": {"ms": 50, "share": "1"},
    "race_fill": {},
    # reports and snapshots
    "events": {"delay_ms": 0, "drop": False, "order": "as_is"},
    "fills_first": {"ms": 50},
    "stale": {"seconds": 5.0},
}
#: Kinds that decide what the client gets; of several that match, the oldest rule's is used.
ANSWERS = frozenset(
    [
        "reset",
        "silence",
        "unknown",
        "status",
        "garbage",
        "redirect",
        "throttle",
        "reject",
        "busy",
        "drip",
        "away",
        "fills_first",
    ]
)
CLIENT_ID_FIELDS = (
    "newClientOrderId", "clientAlgoId", "origClientOrderId", "listClientOrderId", "aboveClientOrderId",
    "belowClientOrderId", "limitClientOrderId", "stopClientOrderId", "cancelOrigClientOrderId",
)  # fmt: skip
CHOICES = {
    ("garbage", "body"): ("garbage", "truncated", "empty", "html", "object"),
    ("events", "order"): ("as_is", "reverse", "shuffle"),
    ("unknown", "code"): (0, -1006, -1007),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule can look at."""

    method: str
    path: str
    market: str
    account: str | None
    api_key: str | None
    params: Mapping[str, str]

    @property
    def client_ids(self) -> list[str]:
        return [self.params[name] for name in CLIENT_ID_FIELDS if name in self.params]


@dataclass(frozen=True, slots=True)
class Match:
    """All that is given must fit; `method` and `path` may hold wildcards (*)."""

    method: str | None = None
    path: str | None = None
    market: str | None = None
    account: str | None = None
    api_key: str | None = None
    symbol: str | None = None
    side: str | None = None
    type: str | None = None
    client_order_id: str | None = None
    client_order_id_prefix: str | None = None
    client_order_id_regex: str | None = None
    reduce_only: bool | None = None

    def fits(self, facts: Facts) -> bool:
        params = facts.params
        for wanted, value in ((self.method, facts.method), (self.path, facts.path)):
            if wanted is not None and not fnmatchcase(value, wanted):
                return False
        for wanted, text in (
            (self.market, facts.market),
            (self.account, facts.account),
            (self.api_key, facts.api_key),
            (self.symbol, params.get("symbol")),
            (self.side, params.get("side")),
            (self.type, params.get("type") or params.get("aboveType")),
        ):
            if wanted is not None and wanted != text:
                return False
        return self._fits_ids(facts.client_ids) and self._fits_reduce(params)

    def _fits_ids(self, ids: list[str]) -> bool:
        exact, prefix, regex = self.client_order_id, self.client_order_id_prefix, self.client_order_id_regex
        if exact is not None and exact not in ids:
            return False
        if prefix is not None and not any(text.startswith(prefix) for text in ids):
            return False
        return regex is None or any(re.search(regex, text) for text in ids)

    def _fits_reduce(self, params: Mapping[str, str]) -> bool:
        if self.reduce_only is None:
            return True
        reduces = "true" in (params.get("reduceOnly", "").lower(), params.get("closePosition", "").lower())
        return reduces is self.reduce_only


@dataclass(slots=True)
class Rule:
    id: int
    match: Match
    kind: str
    options: dict[str, Any]
    times: int | None
    after: int
    probability: float
    rng: random.Random
    #: Requests that fitted, and of them those the fault was done to.
    seen: int = 0
    hits: int = 0
    #: Frozen answers of a `stale` rule, and when they thaw.
    frozen: dict[str, Any] = field(default_factory=dict)
    until: int = 0

    @property
    def is_spent(self) -> bool:
        return self.times is not None and self.hits >= self.times

    def claim(self, facts: Facts) -> bool:
        """This function will decide whether the fault happens to this request, and count it."""
        if self.is_spent or not self.match.fits(facts):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.probability < 1 and self.rng.random() >= self.probability):
            return False
        self.hits += 1
        return True

    def row(self) -> dict[str, Any]:
        match = {name: getattr(self.match, name) for name in Match.__dataclass_fields__}
        return {
            "id": self.id,
            "match": {name: value for name, value in match.items() if value is not None},
            "fault": {"kind": self.kind, **self.options},
            "times": self.times,
            "after": self.after,
            "probability": self.probability,
            "seen": self.seen,
            "hits": self.hits,
        }


class Faults:
    def __init__(self) -> None:
        self.rules: dict[int, Rule] = {}
        self._ids = count(1)

    def add(self, row: Mapping[str, Any]) -> Rule:
        """This function will add a rule from its JSON form.

        Raises: ValueError saying which key or value does not fit.
        """
        _refuse_unknown("a fault rule", row, {"match", "fault", "times", "probability", "seed", "after"})
        fault = dict(row.get("fault") or {})
        kind = fault.pop("kind", None)
        if kind not in KINDS:
            raise ValueError(f"fault kind was {kind!r} but must be one of {sorted(KINDS)}")
        _refuse_unknown(f"the fault {kind!r}", fault, set(KINDS[kind]))
        options = {**KINDS[kind], **fault}
        for (name, option), allowed in CHOICES.items():
            if name == kind and options[option] not in allowed:
                raise ValueError(f"{option} of {kind} was {options[option]!r} but must be one of {allowed}")
        match = dict(row.get("match") or {})
        _refuse_unknown("match", match, set(Match.__dataclass_fields__))
        rule = Rule(
            id=next(self._ids),
            match=Match(**match),
            kind=kind,
            options=options,
            times=row.get("times", 1),
            after=int(row.get("after", 0)),
            probability=float(row.get("probability", 1)),
            rng=random.Random(row.get("seed", 0)),
        )
        self.rules[rule.id] = rule
        return rule

    def remove(self, number: int | None) -> int:
        """This function will remove one rule, or all, and return how many went."""
        gone = list(self.rules) if number is None else [key for key in self.rules if key == number]
        for key in gone:
            del self.rules[key]
        return len(gone)

    def claim(self, facts: Facts) -> Plan:
        """This function will collect what happens to a request; it is cheap while there are no rules."""
        if not self.rules:
            return NOTHING
        claimed = [rule for rule in self.rules.values() if rule.claim(facts)]
        return Plan(claimed) if claimed else NOTHING


def _refuse_unknown(what: str, row: Mapping[str, Any], known: set[str]) -> None:
    unknown = set(row) - known
    if unknown:
        raise ValueError(f"{what} knows {sorted(known)}, but not {sorted(unknown)}")


class Plan:
    """What the matching rules want done to one request."""

    def __init__(self, rules: list[Rule]) -> None:
        self.by_kind = {rule.kind: rule for rule in reversed(rules)}
        self.answer = next((rule for rule in rules if rule.kind in ANSWERS), None)

    def options(self, kind: str) -> dict[str, Any] | None:
        rule = self.by_kind.get(kind)
        return rule.options if rule else None

    @property
    def is_worked(self) -> bool:
        """Whether the request takes effect."""
        if self.answer is None:
            return True
        default = self.answer.kind not in ("redirect", "throttle", "reject", "busy")
        return bool(self.answer.options.get("processed", default))

    @property
    def skew_ms(self) -> int:
        skew = self.options("skew")
        return int(skew["ms"]) if skew else 0

    @property
    def mischief(self) -> Mischief:
        partial, pieces = self.options("partial"), self.options("pieces")
        copies, forget = self.options("duplicate_fill"), self.options("forget")
        hide = self.options("hide")
        share = Decimal(str(partial["share"])) if partial else None
        return Mischief(
            share=Decimal(1) / int(pieces["count"]) if pieces else share,
            hold=pieces is not None,
            copies=int(copies["copies"]) if copies else 1,
            hidden=bool(forget and forget["effect"]),
            ghost=bool(forget and not forget["effect"]),
            hide_ms=int(hide["ms"]) if hide else 0,
        )


NOTHING = Plan([])
