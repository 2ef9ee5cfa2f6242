"""What the services of this app refuse, as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.rest.problems import conflict, invalid
from core.machine import IllegalTransition
from signals.channel_services import InvalidChannel
from signals.rules import InvalidSignal
from signals.services import DuplicateSignal, StaleSignal


@contextmanager
def refusals(*, is_body: bool = True) -> Iterator[None]:
    """Name the field that a service refused; without a body it is the signal that does not fit what is there now."""
    try:
        yield
    except InvalidChannel as error:
        raise invalid(error.field, str(error)) from None
    except InvalidSignal as error:
        raise (invalid(error.field, str(error), error.code) if is_body else conflict(error.code, error)) from None
    except DuplicateSignal as error:
        raise conflict("DUPLICATE_SIGNAL", error, signal=str(error.first.pk)) from None
    except IllegalTransition as error:
        raise conflict("ILLEGAL_TRANSITION", f"A signal that is {error.state} cannot do {error.event}.") from None
    except StaleSignal as error:
        raise conflict("STALE_SIGNAL", error) from None
