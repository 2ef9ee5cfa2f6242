"""What can go wrong between us and a broker, sorted by what the caller may do about it.

::

    BrokerError
     +-- Rejected          final: the venue, or our own check before the wire, said no
     |    +-- Refused      final, and decided here: the message says which number would pass
     |    +-- InsufficientFunds
     |    +-- Duplicate    the venue has seen this id: an earlier attempt landed, look it up
     +-- NotSent           nothing reached the book: safe to send again under the same id
     |    +-- Throttled    as above, but not before ``retry_after``
     +-- OutcomeUnknown    it may or may not have reached the book: resolve, never send again
     +-- AuthFailed        the key is bad: pause the connection
     +-- Unsupported       this venue cannot do it; nothing was sent

    Misconfigured          stays outside, so that nothing that handles brokers swallows it
"""

from datetime import timedelta


class BrokerError(Exception):
    """The root. ``code`` is the venue's own code or ours, ``text`` the venue's own words, redacted."""

    def __init__(self, message: str, *, code: str = "", text: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.text = text or message


class Rejected(BrokerError):
    """Final. The order is not in the book and will not be."""


class Refused(Rejected):
    """Final, and refused here before the wire: ``field`` did not fit, ``passing`` would have."""

    def __init__(self, message: str, *, field: str, passing: str = "", code: str = "") -> None:
        super().__init__(message, code=code or f"REFUSED_{field.upper()}")
        self.field = field
        self.passing = passing


class InsufficientFunds(Rejected):
    """Final. The account cannot pay for it now."""


class Duplicate(Rejected):
    """The venue knows this client order id already, so an earlier attempt landed: find it."""


class NotSent(BrokerError):
    """Nothing reached the book. The same ticket may be sent again under the same id."""


class Throttled(NotSent):
    """The venue asked us to wait. ``retry_after`` is None when it did not say how long."""

    def __init__(self, message: str, *, retry_after: timedelta | None, code: str = "", text: str = "") -> None:
        super().__init__(message, code=code, text=text)
        self.retry_after = retry_after


class OutcomeUnknown(BrokerError):
    """The order may or may not be in the book. Only asking the venue can tell."""


class AuthFailed(BrokerError):
    """The venue does not accept the key or its permissions."""


class Unsupported(BrokerError):
    """The request cannot be expressed on this venue. Nothing was sent."""


class Misconfigured(Exception):
    """The operator or owner set something up wrongly: unknown exchange, missing credential field, bad URL."""
