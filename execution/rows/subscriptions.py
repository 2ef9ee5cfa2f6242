"""What the pages show of a subscription."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from connections.forms import shown
from connections.models import TradingPreset
from connections.preset_specs import BY_NAME, SPECS
from connections.presets import Layer
from connections.rows import ValueRow, value_rows
from core.labels import Label, Tone
from execution.models import Subscription
from execution.rows.accounts import AccountRow, account_row

_ON = Label("Follows", Tone.GOOD, "It takes the channel's next signal, if the account can trade.")
_OFF = Label("Paused", Tone.WARN, "Signals of this channel are skipped on this account.")


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    id: UUID
    account: AccountRow
    channel: str
    channel_slug: str
    state: Label
    is_active: bool
    #: overrides in words
    overrides: Sequence[str]
    created_at: datetime


def subscription_row(subscription: Subscription, user: User) -> SubscriptionRow:
    """Return what a page shows. Needs channel, and connection with its owner."""
    return SubscriptionRow(
        id=subscription.pk,
        account=account_row(subscription.connection, user),
        channel=subscription.channel.name,
        channel_slug=subscription.channel.slug,
        state=_ON if subscription.is_active else _OFF,
        is_active=subscription.is_active,
        overrides=[
            f"{BY_NAME[name].label} {shown(BY_NAME[name], value)}"
            for name, value in subscription.overrides.items()
            if name in BY_NAME
        ],
        created_at=subscription.created_at,
    )


def layers_of(
    channel: TradingPreset | None, account: TradingPreset | None, overrides: Mapping[str, Any]
) -> list[Layer]:
    """Return the layers of one account in one channel, named as people know them."""
    return [
        Layer("channel", channel.values if channel else {}),
        Layer("account's preset", account.values if account else {}),
        Layer("this subscription", overrides),
    ]


def inherited_from(layers: Sequence[Layer]) -> dict[str, str]:
    """Return what would hold without the last layer, as a form shows it in grey."""
    rows: list[ValueRow] = value_rows(layers[:-1])
    return {spec.name: row.value for spec, row in zip(SPECS, rows, strict=True)}
