"""The addresses that need a grant of their own: all that are not of the public internet.

Python's `ipaddress.is_global` differs between the versions that Nexus runs on, so the networks are
listed here, by the IANA special-purpose address registries.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_REFUSED_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; 100.100.100.200 serves Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, which looks public
        "169.254.0.0/16",  # link-local; 169.254.169.254 serves metadata in most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 serves Oracle's metadata
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays from 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_V6: Final = IPv6Network("2000::/3")
"""all else is loopback, local, multicast, mapped, or not assigned"""
_REFUSED_V6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4, which has an IPv4 address inside
        "3fff::/20",
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""where a network has only IPv6, its name server puts public IPv4 addresses into these"""


def is_public(address: Address) -> bool:
    """Return whether *address* belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    in_public = address.scope_id is None and address in _PUBLIC_V6
    return in_public and not any(address in network for network in _REFUSED_V6)


def literal(host: str) -> Address | None:
    """Return the address that a target's *host* is; None if it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
