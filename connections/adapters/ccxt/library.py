"""ccxt without its hundred other exchanges.

``import ccxt.async_support`` runs the modules of every exchange: some four seconds and 100 MB in each worker, for the
one or two that are traded. The packages' own ``__init__`` only collect them, so here the packages stand in
``sys.modules`` unrun, and each exchange is imported from its own file when it is needed. A process that has imported
ccxt in the usual way keeps what it has.
"""

import sys
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

from connections.adapters.ccxt.catalogue import catalogue
from connections.errors import Misconfigured, Unsupported

REST = "ccxt.async_support"
STREAMS = "ccxt.pro"


#: Where the names come from that ccxt's own modules expect on the package.
_HOMES = ("ccxt.base.errors", "ccxt.base.exchange", "ccxt.base.decimal_to_precision", "ccxt.base.precise")


class _Package(ModuleType):
    """A package whose own code has not run, and which still has the names that code would have given it."""

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing an exchange's module puts the module here; the package itself would put the class.
        is_exchange = isinstance(value, ModuleType) and isinstance(vars(value).get(name), type)
        super().__setattr__(name, vars(value)[name] if is_exchange else value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        for home in _HOMES:
            found = vars(import_module(home)).get(name)
            if found is not None:
                return found
        if name in catalogue():
            import_module(f"{self.__name__}.{name}")
            return vars(self)[name]
        raise AttributeError(f"{self.__name__} has no {name}.")


def _unrun(name: str) -> None:
    """Let the submodules of a package be imported although its own code has not run."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None:
        raise ImportError(f"{name} is not installed.")
    package = module_from_spec(spec)
    package.__class__ = _Package
    sys.modules[name] = package
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)


for _name in ("ccxt", REST, STREAMS):
    _unrun(_name)

#: ccxt's errors, which is all of the package itself that the adapter reads.
ccxt = import_module("ccxt.base.errors")


@lru_cache(maxsize=512)
def exchange_class(name: str) -> type[Any]:
    """Return an exchange's class. Cost: the import of its modules, some tenths of a second, once.

    Raises:
        Misconfigured: ccxt knows no such exchange.
    """
    if name not in catalogue():
        raise Misconfigured(f"{name[:40]!r} is no exchange that the installed ccxt knows.")
    found: type[Any] = getattr(import_module(f"{REST}.{name}"), name)
    return found


def has_streams(name: str) -> bool:
    """Return whether ccxt streams an exchange. Cost: a look at the disk, no import."""
    return find_spec(f"{STREAMS}.{name}") is not None


@lru_cache(maxsize=64)
def streaming_class(name: str) -> type[Any]:
    """Return the class that streams an exchange.

    Raises:
        Unsupported: ccxt does not stream it.
    """
    try:
        found: type[Any] = getattr(import_module(f"{STREAMS}.{name}"), name)
    except ModuleNotFoundError:
        raise Unsupported(f"ccxt does not stream {name}.") from None
    return found
