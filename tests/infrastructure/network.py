"""A guard: no test talks to another machine.

An audit hook sees every connection Python's socket module makes, whichever library asks. What C libraries open by
themselves (libpq, uvloop) and what child processes do is beyond it.
"""

import ipaddress
import sys
from typing import Any

_LOCAL_NAMES = frozenset({"", "localhost", "localhost.localdomain"})
_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.getaddrinfo"})


class NetworkForbidden(RuntimeError):
    """A test tried to reach another machine."""


class Guard:
    """Refuses addresses off this machine, and remembers them: code under test may swallow the refusal."""

    def __init__(self) -> None:
        self.is_open = False
        self.refused: list[str] = []

    def install(self) -> None:
        """Watch from now on; a hook cannot be taken out again."""
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS or self.is_open:
            return
        host = arguments[0] if event == "socket.getaddrinfo" else _host_of(arguments[1])
        if host is not None and not is_local(host):
            self.refused.append(str(host))
            raise NetworkForbidden(f"A test tried to reach {host}; only this machine may be reached.")


def is_local(host: str | bytes) -> bool:
    """Return whether a host is this machine, without asking anybody."""
    name = host.decode() if isinstance(host, bytes) else host
    if name.lower() in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _host_of(address: Any) -> str | None:
    """Return the host of an Internet address; None for the path of a Unix socket."""
    return address[0] if isinstance(address, tuple) and isinstance(address[0], str) else None


guard = Guard()
