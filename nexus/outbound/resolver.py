"""The addresses of a name, each of them checked.

A name is resolved once for each connection, and the connection is made to an address from that
answer: an answer that changes afterwards leads nowhere else.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import TypeAlias

from nexus.outbound.addresses import Address, literal
from nexus.outbound.grants import Grants

Place: TypeAlias = Address | str
"""the host to connect to: a checked address, or a name that a proxy resolves"""
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a name, for a port. Raises: OSError."""


class AddressDenied(Exception):
    """A granted name has an address that is not granted."""


def ask_system(host: str, port: int) -> list[str]:
    """Return the addresses that the system knows for *host*. Raises: OSError."""
    kind, flags = socket.SOCK_STREAM, socket.AI_ADDRCONFIG
    found = socket.getaddrinfo(host, port, type=kind, flags=flags)
    return [str(entry[4][0]) for entry in found]


def checked_addresses(
    host: str, port: int, scheme: str, grants: Grants, resolve: Resolve
) -> list[Address]:
    """Return the addresses of *host*; itself if it is an address.

    Raises: OSError if it has none; AddressDenied if one of them is not allowed.
    """
    own = literal(host)
    found = [own] if own is not None else [_read(text) for text in resolve(host, port)]
    if not found:
        raise OSError("the name has no address")
    for address in found:
        if not grants.allows_address(address, scheme, port):
            raise AddressDenied(f"{host} has the address {address}")
    return list(dict.fromkeys(found))


def checked_for_proxy(host: str, port: int, scheme: str, grants: Grants) -> list[Place]:
    """Return *host* for a proxy that resolves names; an address is checked.

    Raises: AddressDenied.
    """
    own = literal(host)
    if own is None:
        # The proxy would take it for itself (RFC 6761 section 6.3).
        is_proxy = host == "localhost" or host.endswith(".localhost")
    else:
        is_proxy = not grants.allows_address(own, scheme, port)
    if is_proxy:
        raise AddressDenied(f"{host} is not public")
    return [own or host]


def _read(text: str) -> Address:
    address = literal(text)
    if address is None:
        raise OSError(f"the name's address {text!r:.80} is not one")
    return address
