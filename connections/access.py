"""From a stored connection to what an adapter needs, and to the adapter."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings

from connections import registry
from connections.adapter import BrokerAdapter
from connections.contract import AccountAccess, Environment, MarketType
from connections.errors import Misconfigured
from connections.fields import unseal
from connections.models import DataConnection, ExecutionConnection, VenueAddress

DEFAULT_TIMEOUT = timedelta(seconds=10)


def access_of(connection: ExecutionConnection) -> AccountAccess:
    """Return the access of an account, its credentials opened in memory.

    Raises:
        UnableToOpen: the credentials belong to another row or their key is gone.
        Misconfigured: the connection names an address and the operator does not allow that.
    """
    field = ExecutionConnection._meta.get_field("credentials")
    sealed = connection.credentials
    return _access(connection, unseal(sealed, bound_to=field.bound_to(connection.pk)) if sealed else {})


def public_access_of(connection: DataConnection | ExecutionConnection) -> AccountAccess:
    """Return access to public data only."""
    return _access(connection, {})


def adapter_of(connection: ExecutionConnection) -> BrokerAdapter:
    """Return a fresh adapter of an account. Cost: no request."""
    return registry.build(connection.type, access_of(connection))


def check_address(base_url: str, environment: str) -> None:
    """Refuse an address that the operator does not allow, and a rehearsal without one.

    Raises:
        Misconfigured: says which of the two.
    """
    if base_url and not settings.SIGNALBOX_ALLOW_BASE_URL:
        raise Misconfigured("This installation does not let connections name another address.")
    if base_url and environment != Environment.REHEARSAL:
        raise Misconfigured("Only a rehearsal connection may name another address.")
    if environment == Environment.REHEARSAL and not base_url:
        raise Misconfigured("A rehearsal connection needs the address of its simulated venue.")
    if base_url:
        _check_url(base_url)


def _check_url(text: str) -> None:
    try:
        url = urlsplit(text)
        is_plain = url.scheme in ("http", "https") and url.hostname and url.port != 0 and not url.username
    except ValueError:
        is_plain = False
    if not is_plain or url.query or url.fragment or any(each.isspace() for each in text):
        raise Misconfigured("The address must look like http://host:port, without a user, a query or a fragment.")


def _access(address: VenueAddress, credentials: dict[str, str]) -> AccountAccess:
    check_address(address.base_url, address.environment)
    return AccountAccess(
        exchange=address.exchange_name,
        market=MarketType(address.market),
        environment=Environment(address.environment),
        credentials=credentials,
        base_url=address.base_url or None,
        timeout=DEFAULT_TIMEOUT,
    )
