"""What the pages show of a signal and of a channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from connections.labels import ORDER_TYPES, SIDES, TIMES_IN_FORCE
from core.labels import Label, Tone
from positions.ladder import Level, Line, lines_of
from signals.labels import STATUSES
from signals.models import Channel, Signal


@dataclass(frozen=True, slots=True)
class SignalTarget:
    number: int
    price: Decimal
    #: per cent of the position
    share: Decimal


@dataclass(frozen=True, slots=True)
class SignalRow:
    id: UUID
    channel: str
    channel_slug: str
    version: int
    status: Label
    pair: str
    side: Label
    type: Label
    open_price: Decimal | None
    stop: Decimal | None
    targets: Sequence[SignalTarget]
    time_in_force: Label
    max_drift_bps: Decimal | None
    note: str
    created_at: datetime
    approved_at: datetime | None
    published_at: datetime | None
    withdrawn_at: datetime | None
    expires_at: datetime | None
    expired_at: datetime | None
    ladder: Sequence[Line]


@dataclass(frozen=True, slots=True)
class ChannelRow:
    slug: str
    name: str
    description: str
    provider: str
    is_active: bool


def signal_row(signal: Signal) -> SignalRow:
    """Return what a page shows. Needs the signal's channel."""
    targets = [
        SignalTarget(number, Decimal(each["price"]), Decimal(each["share"]) * 100)
        for number, each in enumerate(signal.targets, start=1)
    ]
    return SignalRow(
        id=signal.pk,
        channel=signal.channel.name,
        channel_slug=signal.channel.slug,
        version=signal.version,
        status=STATUSES[signal.status],
        pair=signal.currency_pair,
        side=SIDES[signal.direction],
        type=ORDER_TYPES[signal.order_type],
        open_price=signal.open_price,
        stop=signal.sl,
        targets=targets,
        time_in_force=TIMES_IN_FORCE[signal.time_in_force],
        max_drift_bps=signal.max_drift_bps,
        note=signal.note,
        created_at=signal.created_at,
        approved_at=signal.approved_at,
        published_at=signal.published_at,
        withdrawn_at=signal.withdrawn_at,
        expires_at=signal.expires_at,
        expired_at=signal.expired_at,
        ladder=_ladder(signal, targets),
    )


def channel_row(channel: Channel) -> ChannelRow:
    """Return what a page shows. Needs the channel's owner."""
    provider = channel.owner.get_short_name() if channel.owner else "the house"
    return ChannelRow(channel.slug, channel.name, channel.description, provider, channel.is_active)


def _ladder(signal: Signal, targets: Sequence[SignalTarget]) -> list[Line]:
    levels = [Level(f"Target {each.number}", each.price, Tone.GOOD) for each in targets]
    if signal.open_price is not None:
        levels.append(Level("Entry", signal.open_price, Tone.INFO))
    if signal.sl is not None:
        levels.append(Level("Stop", signal.sl, Tone.BAD))
    return lines_of(levels)
