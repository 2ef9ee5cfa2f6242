"""What the services of this app refuse, as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.rest.problems import conflict, invalid
from connections.presets import InvalidPreset
from execution.services.breaks import SettledBefore
from execution.services.entries import NotRetryable
from execution.services.subscriptions import SubscriptionError


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a service refused into what a client understands."""
    try:
        yield
    except InvalidPreset as error:
        raise invalid(f"overrides.{error.field}"[:120], str(error)) from None
    except SubscriptionError as error:
        raise conflict("SUBSCRIPTION_REFUSED", error) from None
    except NotRetryable as error:
        raise conflict("NOT_RETRYABLE", error) from None
    except SettledBefore as error:
        raise conflict("SETTLED_BEFORE", error) from None
