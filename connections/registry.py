"""Every kind of broker: its adapter, the credentials it takes, and where it may live.

This is the only module that names a concrete adapter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

from connections.adapter import BrokerAdapter
from connections.adapters.ccxt.catalogue import ccxt_credentials, ccxt_exchanges, ccxt_has_testnet
from connections.contract import AccountAccess, Capabilities, Environment, MarketType
from connections.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One secret an owner enters. It is written once and never shown again."""

    name: str
    label: str
    is_required: bool = True
    #: multi-line secrets such as private keys
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class AdapterKind:
    """One row of the registry."""

    kind: str
    label: str
    #: module and class of the adapter, loaded at first use: a web process never trades
    adapter: str
    #: venues by their own name and a label
    exchanges: Callable[[], Mapping[str, str]]
    credentials: Callable[[str], tuple[CredentialField, ...]]
    #: whether an exchange has a test system of its own
    has_testnet: Callable[[str], bool]
    markets: tuple[MarketType, ...]


def _ccxt_fields(exchange: str) -> tuple[CredentialField, ...]:
    return tuple(CredentialField(name, label, is_long=long) for name, label, long in ccxt_credentials(exchange))


KINDS: Mapping[str, AdapterKind] = {
    "ccxt": AdapterKind(
        kind="ccxt",
        label="Crypto exchange",
        adapter="connections.adapters.ccxt.adapter:CcxtAdapter",
        exchanges=ccxt_exchanges,
        credentials=_ccxt_fields,
        has_testnet=ccxt_has_testnet,
        markets=(MarketType.SPOT, MarketType.LINEAR, MarketType.INVERSE),
    ),
}


def kind_of(kind: str) -> AdapterKind:
    """Return a row.

    Raises:
        Misconfigured: there is no such kind.
    """
    try:
        return KINDS[kind]
    except KeyError:
        raise Misconfigured(f"{kind[:40]!r} is no kind of connection; there are {', '.join(KINDS)}.") from None


def credential_fields(kind: str, exchange: str) -> tuple[CredentialField, ...]:
    """Return what an owner of an account at this exchange must enter.

    Raises:
        Misconfigured: no such kind or exchange.
    """
    row = kind_of(kind)
    if exchange not in row.exchanges():
        raise Misconfigured(f"{exchange[:40]!r} is no exchange that {row.label.lower()} connections know.")
    return row.credentials(exchange)


def build(kind: str, access: AccountAccess) -> BrokerAdapter:
    """Return the adapter of one account. Cost: no request; markets load at first use.

    Raises:
        Misconfigured: no such kind or exchange.
    """
    built = adapter_class(kind)(access)
    assert isinstance(built, BrokerAdapter)
    return built


@lru_cache(maxsize=64)
def adapter_class(kind: str) -> Callable[[AccountAccess], BrokerAdapter]:
    """Return the adapter's class, importing it at first use. Cost: seconds for ccxt, once per process."""
    module, _, name = kind_of(kind).adapter.partition(":")
    found: Callable[[AccountAccess], BrokerAdapter] = getattr(import_module(module), name)
    return found


@lru_cache(maxsize=1024)
def capabilities(kind: str, exchange: str, market: MarketType) -> Capabilities:
    """Return what the adapter can do there, without asking the venue.

    Raises:
        Misconfigured: no such kind or exchange.
    """
    access = AccountAccess(exchange=exchange, market=market, environment=Environment.LIVE)
    return build(kind, access).capabilities
