"""Following channels: for subscribers by choice, for house accounts by themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from connections.models import ExecutionConnection
from connections.presets import validate
from events import services as events
from events.catalogue import Kind
from execution.models import Subscription
from signals.models import Channel


class SubscriptionError(Exception):
    """A subscription cannot be made."""


@transaction.atomic
def subscribe(
    *,
    channel: Channel,
    connection: ExecutionConnection,
    overrides: Mapping[str, Any],
    actor: User | None,
    now: datetime,
) -> Subscription:
    """Let an account follow a channel, from its next signal on.

    Raises:
        SubscriptionError: it follows already, or the channel is not active. InvalidPreset: an override does not fit.
    """
    if not channel.is_active:
        raise SubscriptionError(f"The channel {channel.name} is not active.")
    try:
        with transaction.atomic():
            made = Subscription.objects.create(
                channel=channel, connection=connection, overrides=validate(overrides), created_at=now
            )
    except IntegrityError:
        raise SubscriptionError(f"{connection.name} follows {channel.name} already.") from None
    _note(Kind.SUBSCRIPTION_CREATED, made, actor, now, overrides=made.overrides)
    return made


@transaction.atomic
def change_subscription(
    *,
    subscription: Subscription,
    actor: User | None,
    now: datetime,
    overrides: Mapping[str, Any] | None = None,
    is_active: bool | None = None,
) -> Subscription:
    """Change what holds for this channel on this account, or pause and resume it.

    Raises:
        InvalidPreset: an override does not fit.
    """
    if overrides is not None:
        subscription.overrides = validate(overrides)
    if is_active is not None:
        subscription.is_active = is_active
    subscription.save(update_fields=["overrides", "is_active"])
    _note(
        Kind.SUBSCRIPTION_CHANGED,
        subscription,
        actor,
        now,
        overrides=subscription.overrides,
        is_active=subscription.is_active,
    )
    return subscription


@transaction.atomic
def unsubscribe(*, subscription: Subscription, actor: User | None, now: datetime) -> None:
    """Stop following. Open positions stay, and keep their exits. What was ended meanwhile is left alone."""
    if Subscription.objects.select_for_update().filter(pk=subscription.pk).first() is None:
        return
    _note(Kind.SUBSCRIPTION_ENDED, subscription, actor, now)
    subscription.delete()


@transaction.atomic
def follow_for_house(*, now: datetime) -> int:
    """Give every house account a subscription to every channel that serves the house; return how many were new."""
    have = set(
        Subscription.objects.filter(connection__is_admin_owned=True).values_list("channel_id", "connection_id")
    )
    channels = Channel.objects.filter(serves_house=True, is_active=True)
    accounts = list(ExecutionConnection.objects.filter(is_admin_owned=True))
    missing = [
        Subscription(channel=channel, connection=account, created_at=now)
        for channel in channels
        for account in accounts
        if (channel.pk, account.pk) not in have
    ]
    Subscription.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def _note(kind: Kind, subscription: Subscription, actor: User | None, now: datetime, **data: Any) -> None:
    events.append(
        events.NewEvent(
            kind=kind,
            subject_type="execution.subscription",
            subject_id=str(subscription.pk),
            owner_id=subscription.connection.owner_id,
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data={"channel": subscription.channel.name, "connection": subscription.connection.name, **data},
        )
    )
