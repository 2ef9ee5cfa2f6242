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
    EXECUTION_RETRIED = "execution.retried"

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

    NOTIFICATION_CREATED = "notification.created"

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


#: Names in braces stand in ``data``, save ``{why}``: whoever shows the event puts its reason there, in words.
WORDS: Mapping[Kind, str] = {
    Kind.SIGNAL_APPROVED: "{channel}: {direction} {pair} was approved.",
    Kind.SIGNAL_PUBLISHED: "{channel}: {direction} {pair} was published.",
    Kind.SIGNAL_AMENDED: "{channel}: {direction} {pair} was changed.",
    Kind.SIGNAL_WITHDRAWN: "{channel}: {direction} {pair} was withdrawn.",
    Kind.SIGNAL_EXPIRED: "{channel}: {direction} {pair} expired.",
    Kind.EXECUTION_SKIPPED: "{connection}: {side} {pair} was skipped. {why}",
    Kind.EXECUTION_DENIED: "{connection}: {side} {pair} was denied. {why}",
    Kind.EXECUTION_REJECTED: "{connection}: {side} {pair} was rejected. {why}",
    Kind.EXECUTION_FAILED: "{connection}: {side} {pair} failed. {why}",
    Kind.EXECUTION_RETRIED: "{name}: {pair} is tried again. {why}",
    Kind.EXECUTION_EXECUTED: "{connection}: {side} {pair} was executed. {why}",
    Kind.ORDER_SUBMITTED: "{connection}: the {role} order {side} {symbol} was sent.",
    Kind.ORDER_RESTING: "{connection}: the {role} order {side} {symbol} rests at the venue.",
    Kind.ORDER_FILLED: "{connection}: the {role} order {side} {symbol} was filled.",
    Kind.ORDER_CANCELLED: "{connection}: the {role} order {side} {symbol} was cancelled.",
    Kind.ORDER_REJECTED: "{connection}: the venue refused the {role} order {side} {symbol}. {error}",
    Kind.ORDER_FAILED: "{connection}: the {role} order {side} {symbol} never reached the venue.",
    Kind.ORDER_IN_DOUBT: "{connection}: nobody knows whether the venue has the {role} order {side} {symbol}. {error}",
    Kind.ORDER_RESOLVED: "{connection}: the {role} order {side} {symbol} is not in doubt any more. {error}",
    Kind.ORDER_UNRESOLVED: "{connection}: the {role} order {side} {symbol} is still in doubt after {attempts} questions.",
    Kind.ORDER_FLAGGED: "{connection}: the {role} order {side} {symbol} did what its state does not allow; look at it.",
    Kind.ORDER_SLIPPED: "{connection}: the {role} order {side} {symbol} slipped by {slippage_bps} basis points; "
    "{allowed_bps} raise this alert.",
    Kind.POSITION_OPENED: "{connection}: a position in {symbol} was opened.",
    Kind.POSITION_PROTECTED: "{connection}: {symbol} is protected; it was naked for {unprotected_ms} ms.",
    Kind.POSITION_UNPROTECTED: "{connection}: {symbol} has no working stop.",
    Kind.POSITION_REDUCED: "{connection}: {quantity} {symbol} are left. {why}",
    Kind.POSITION_CLOSING: "{symbol} is being closed. {why}",
    Kind.POSITION_CLOSED: "{connection}: {symbol} is closed with {net} {currency}. {why}",
    Kind.CONNECTION_CREATED: "{name} was connected.",
    Kind.CONNECTION_CHANGED: "{name} was changed.",
    Kind.CONNECTION_REMOVED: "{name} was removed.",
    Kind.CONNECTION_TESTED: "{name} was tested.",
    Kind.CONNECTION_BROKEN: "{name} does not work. {error}",
    Kind.CONNECTION_RECOVERED: "{name} works again.",
    Kind.CONNECTION_PAUSED: "{name} was paused: {reason}",
    Kind.CONNECTION_RESUMED: "{name} was resumed.",
    Kind.CREDENTIALS_CHANGED: "The credentials of {name} were changed.",
    Kind.SUBSCRIPTION_CREATED: "{connection} follows {channel}.",
    Kind.SUBSCRIPTION_CHANGED: "How {connection} follows {channel} was changed.",
    Kind.SUBSCRIPTION_ENDED: "{connection} does not follow {channel} any more.",
    Kind.PRESET_CHANGED: "The preset {name} was changed.",
    Kind.CHANNEL_CHANGED: "The channel {name} was changed.",
    Kind.SETTING_CHANGED: "An operational setting was changed from {before} to {after}.",
    Kind.RECONCILIATION_BREAK: "{name}: the venue holds {theirs} {symbol}, and our books say {ours}.",
    Kind.RECONCILIATION_RESOLVED: "{name}: the difference in {symbol} was settled. {resolution}",
    Kind.NOTIFICATION_CREATED: "{count} notifications were made.",
    Kind.ACCOUNT_CREATED: "The account was created.",
    Kind.ACCOUNT_LOGGED_IN: "Somebody logged in to the account.",
    Kind.ACCOUNT_LOGIN_FAILED: "A login failed.",
    Kind.ACCOUNT_PASSWORD_CHANGED: "The password was changed.",
    Kind.ACCOUNT_EMAIL_CHANGED: "The e-mail address was changed or confirmed.",
    Kind.ACCOUNT_MFA_CHANGED: "A second factor was changed.",
    Kind.ACCOUNT_ROLE_CHANGED: "The role was changed from {before} to {after}.",
    Kind.ACCOUNT_ACTIVATED: "The account was activated.",
    Kind.ACCOUNT_DEACTIVATED: "The account was deactivated.",
    Kind.ACCOUNT_PERMISSIONS_CHANGED: "The permissions of the account were changed.",
    Kind.TOKEN_CREATED: "The API token {name} was made.",
    Kind.TOKEN_REVOKED: "The API token {name} was revoked.",
}
