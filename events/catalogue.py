"""The kinds of events, with the sentence a person reads. Names follow ``subject.happened``."""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    SIGNAL_APPROVED = "signal.approved"
    SIGNAL_PUBLISHED = "signal.published"
    SIGNAL_AMENDED = "signal.amended"
    SIGNAL_WITHDRAWN = "signal.withdrawn"
    SIGNAL_EXPIRED = "signal.expired"

    EXECUTION_SKIPPED = "execution.skipped"
    EXECUTION_DENIED = "execution.denied"
    EXECUTION_REJECTED = "execution.rejected"
    EXECUTION_FAILED = "execution.failed"
    EXECUTION_EXECUTED = "execution.executed"

    ORDER_SUBMITTED = "order.submitted"
    ORDER_RESTING = "order.resting"
    ORDER_FILLED = "order.filled"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_REJECTED = "order.rejected"
    ORDER_FAILED = "order.failed"
    ORDER_IN_DOUBT = "order.in_doubt"
    ORDER_RESOLVED = "order.resolved"
    ORDER_UNRESOLVED = "order.unresolved"
    ORDER_FLAGGED = "order.flagged"
    ORDER_SLIPPED = "order.slipped"

    POSITION_OPENED = "position.opened"
    POSITION_PROTECTED = "position.protected"
    POSITION_UNPROTECTED = "position.unprotected"
    POSITION_REDUCED = "position.reduced"
    POSITION_CLOSING = "position.closing"
    POSITION_CLOSED = "position.closed"

    CONNECTION_CREATED = "connection.created"
    CONNECTION_CHANGED = "connection.changed"
    CONNECTION_REMOVED = "connection.removed"
    CONNECTION_TESTED = "connection.tested"
    CONNECTION_BROKEN = "connection.broken"
    CONNECTION_RECOVERED = "connection.recovered"
    CONNECTION_PAUSED = "connection.paused"
    CONNECTION_RESUMED = "connection.resumed"
    CREDENTIALS_CHANGED = "connection.credentials_changed"

    SUBSCRIPTION_CREATED = "subscription.created"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    SUBSCRIPTION_ENDED = "subscription.ended"

    PRESET_CHANGED = "preset.changed"
    CHANNEL_CHANGED = "channel.changed"
    SETTING_CHANGED = "setting.changed"
    RECONCILIATION_BREAK = "reconciliation.break"
    RECONCILIATION_RESOLVED = "reconciliation.resolved"

    ACCOUNT_CREATED = "account.created"
    ACCOUNT_LOGGED_IN = "account.logged_in"
    ACCOUNT_LOGIN_FAILED = "account.login_failed"
    ACCOUNT_PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - the name of an event
    ACCOUNT_EMAIL_CHANGED = "account.email_changed"
    ACCOUNT_MFA_CHANGED = "account.mfa_changed"
    ACCOUNT_ROLE_CHANGED = "account.role_changed"
    ACCOUNT_ACTIVATED = "account.activated"
    ACCOUNT_DEACTIVATED = "account.deactivated"
    ACCOUNT_PERMISSIONS_CHANGED = "account.permissions_changed"
    TOKEN_CREATED = "account.token_created"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "account.token_revoked"  # noqa: S105 - the name of an event


WORDS: Mapping[Kind, str] = {}
