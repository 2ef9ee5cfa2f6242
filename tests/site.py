"""Every page of connections, execution and console: its address, who may read it, and a stage on which all have something.

A page that is in the resolver and not here fails ``tests/console/test_site_access.py``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from connections.models import ExecutionConnection, TradingPreset
from events import services as events
from events.catalogue import Kind
from execution.models import Break, Subscription
from execution.outcomes import LogStatus, Reason
from signals.models import Channel, Signal
from signals.rules import SignalStatus
from tests import makers
from tests.people import NOON, make_user

APPS = ("connections", "execution", "console")
EVERYBODY = frozenset({"alice", "bob", "charlie", "ada"})
#: What is Alice's; the administrator sees it too.
OWNER = frozenset({"alice", "ada"})
#: What is the provider's.
DESK = frozenset({"bob", "ada"})
STAFF = DESK


@dataclass(frozen=True, slots=True)
class Page:
    """One address. ``of`` names what on the stage its key is of."""

    name: str
    of: str = ""
    readers: frozenset[str] = EVERYBODY
    #: a POST acts; without a form it is no page at all
    acts: bool = False
    has_form: bool = True


_ROWS = [
    Page("connections:list"),
    Page("connections:choose"),
    Page("connections:add", of="exchange", acts=True),
    Page("connections:detail", of="connection", readers=OWNER),
    Page("connections:health", of="connection", readers=OWNER),
    Page("connections:test", of="connection", readers=OWNER, acts=True, has_form=False),
    Page("connections:pause", of="connection", readers=OWNER, acts=True),
    Page("connections:resume", of="connection", readers=OWNER, acts=True, has_form=False),
    Page("connections:change", of="connection", readers=OWNER, acts=True),
    Page("connections:keys", of="connection", readers=frozenset({"alice"}), acts=True),
    Page("connections:delete", of="connection", readers=OWNER, acts=True),
    Page("connections:presets"),
    Page("connections:add_preset", acts=True),
    Page("connections:preset", of="preset", readers=OWNER),
    Page("connections:change_preset", of="preset", readers=frozenset({"alice"}), acts=True),
    Page("connections:delete_preset", of="preset", readers=frozenset({"alice"}), acts=True),
    Page("execution:feed"),
    Page("execution:signal", of="published"),
    Page("execution:channels"),
    Page("execution:channel", of="channel"),
    Page("execution:subscribe", of="channel", acts=True),
    Page("execution:subscription", of="subscription", readers=OWNER, acts=True),
    Page("execution:end_subscription", of="subscription", readers=OWNER, acts=True),
    Page("execution:connection_subscriptions", of="connection", readers=OWNER),
    Page("execution:positions"),
    Page("execution:position", of="position", readers=OWNER),
    Page("execution:close", of="position", readers=OWNER, acts=True),
    Page("execution:executions"),
    Page("execution:execution", of="execution", readers=OWNER),
    Page("execution:retry", of="failed", readers=OWNER, acts=True),
    Page("execution:orders"),
    Page("execution:order", of="order", readers=OWNER),
    Page("execution:breaks"),
    Page("execution:settle", of="difference", readers=OWNER, acts=True),
    Page("execution:compare", of="difference", readers=OWNER, acts=True, has_form=False),
    Page("console:home"),
    Page("console:activity"),
    Page("console:bell"),
    Page("console:desk", readers=STAFF),
    Page("console:draft", readers=STAFF, acts=True),
    Page("console:desk_signal", of="published", readers=DESK),
    Page("console:preview", of="approved", readers=DESK),
    Page("console:approve", of="draft", readers=DESK, acts=True, has_form=False),
    Page("console:publish", of="approved", readers=DESK, acts=True),
    Page("console:withdraw", of="published", readers=DESK, acts=True),
]
PAGES = {page.name: page for page in _ROWS}
#: No page but a stream; ``tests/console/test_live_stream.py`` is about it.
STREAM = "console:live"


@dataclass(frozen=True, slots=True)
class Stage:
    """Alice with one of everything, following Bob's channel."""

    connection: ExecutionConnection
    preset: TradingPreset
    channel: Channel
    draft: Signal
    approved: Signal
    published: Signal
    subscription: Subscription
    trade: makers.Trade
    failed: Any
    difference: Break

    def address(self, page: Page) -> str:
        """The address of a page."""
        return reverse(page.name, args=self._keys(page.of))

    def _keys(self, of: str) -> list[str | UUID]:
        if not of:
            return []
        if of == "exchange":
            return ["ccxt", "binance"]
        row = getattr(self.trade, of) if of in ("position", "execution", "order") else getattr(self, of)
        return [row.slug] if of == "channel" else [row.pk]


#: What of Alice's no stranger and no provider may read: names, addresses, ids, amounts, and what the venue said.
PRIVATE = (
    "Alice's own account",
    "alice@example.org",
    "alice's preset",
    "7531.25",
    "venue said words",
    "4321",
    "8765",
)


def set_stage(alice: User, bob: User, **words: str) -> Stage:
    """Dress the stage. ``words`` say what everything is called: ``name`` for names, ``text`` for longer words."""
    name, text = words.get("name", ""), words.get("text", "")
    preset = makers.make_preset(
        owner=alice, name=name or "alice's preset", description=text, values={"max_notional": "7531.25"}
    )
    connection = makers.make_connection(
        owner=alice, name=name or "Alice's own account", preset=preset, free={"USDT": "7531.25"},
        last_error=text or "venue said words", warnings=[text or "venue said words"],
    )  # fmt: skip
    makers.make_instruments(connection, makers.instrument())
    channel = makers.make_channel(owner=bob, name=name or "Bob's signals", slug="bobs", description=text)
    draft, approved, published = (
        makers.make_signal(channel=channel, status=status, note=text)
        for status in (SignalStatus.DRAFT, SignalStatus.APPROVED, SignalStatus.PUBLISHED)
    )
    numbers = {"error": text or "venue said words", "free": "7531.25", "filled": "0.1", "average_price": "50000"}
    trade = makers.make_trade(signal=published, connection=connection, numbers=numbers)
    failed = makers.make_execution(
        signal=published, connection=connection, leg="entry.2", status=LogStatus.FAILED,
        reason=Reason.VENUE_UNREACHABLE, numbers=numbers,
    )  # fmt: skip
    _spoil(trade, text or "venue said words")
    _note(connection, alice, name or connection.name)
    return Stage(
        connection=connection,
        preset=preset,
        channel=channel,
        draft=draft,
        approved=approved,
        published=published,
        subscription=makers.make_subscription(channel=channel, connection=connection),
        trade=trade,
        failed=failed,
        difference=makers.make_break(connection=connection, theirs={"quantity": text or "0.04"}),
    )


def another_trade(stage: Stage) -> None:
    """One more row on every list."""
    signal = makers.make_signal(channel=stage.channel)
    makers.make_trade(signal=signal, connection=stage.connection)
    makers.make_break(connection=stage.connection, symbol=f"C{signal.pk.hex[-6:]}")
    makers.make_preset(owner=stage.connection.owner)
    channel = makers.make_channel(owner=make_user(role="PROVIDER"))
    other = makers.make_connection(owner=stage.connection.owner)
    makers.make_subscription(channel=channel, connection=stage.connection)
    makers.make_subscription(channel=stage.channel, connection=other)
    makers.make_signal(channel=stage.channel, status=SignalStatus.DRAFT)
    makers.make_execution(signal=stage.published, connection=other)
    _note(stage.connection, stage.connection.owner, "again")


def urls_of(*namespaces: str) -> set[str]:
    """The names of every address in these namespaces."""
    return {
        f"{resolver.namespace}:{pattern.name}"
        for resolver in get_resolver().url_patterns
        if isinstance(resolver, URLResolver) and resolver.namespace in namespaces
        for pattern in _leaves(resolver)
    }


def _leaves(entry: URLPattern | URLResolver) -> Iterator[URLPattern]:
    if isinstance(entry, URLPattern):
        yield entry
    else:
        for inner in entry.url_patterns:
            yield from _leaves(inner)


def _spoil(trade: makers.Trade, words: str) -> None:
    trade.order.error, trade.order.error_code, trade.order.venue_order_id = words, words[:40], words
    trade.order.evidence = [{"at": NOON.isoformat(), "source": words, "found": words}]
    trade.order.in_doubt, trade.order.state, trade.order.doubt_since = True, "SUBMITTED", NOON
    trade.order.finished_at, trade.order.filled, trade.order.acknowledged_at = None, 0, None
    trade.order.save()
    trade.fill.venue_trade_id = words
    trade.fill.save()
    trade.position.attention = words
    trade.position.save()


def _note(connection: ExecutionConnection, owner: User | None, name: str) -> None:
    events.append(
        events.NewEvent(
            kind=Kind.CONNECTION_CHANGED,
            subject_type="connections.executionconnection",
            subject_id=str(connection.pk),
            owner_id=owner.pk if owner else None,
            actor_id=owner.pk if owner else None,
            occurred_at=NOON,
            data={"name": name},
        )
    )
