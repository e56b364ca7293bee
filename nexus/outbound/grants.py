"""The manifest's `http`: which hosts, ports and schemes a handler may call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from nexus.outbound.addresses import Address, is_public, literal
from nexus.outbound.target import DEFAULT_PORTS, Target, read_host

ALLOWED: Final = (
    'a list of hosts such as "api.stripe.com", "*.example.org:8443" or "http://10.1.2.3:8080"; '
    '"*" is every host with a public address'
)


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry of the list."""

    text: str
    scheme: str
    """empty: http and https"""
    host: str
    """the name or address; for a pattern, what names must end with"""
    is_pattern: bool
    """whether names below *host* are meant, not *host* itself"""
    port: int | None
    """None: the scheme's default port"""

    def allows(self, target: Target) -> bool:
        """Return whether *target* is meant, before its name is resolved."""
        if not self._allows_port(target.scheme, target.port):
            return False
        if not self.is_pattern:
            return target.host == self.host
        return literal(target.host) is None and target.host.endswith(self.host)

    def allows_address(self, address: Address, scheme: str, port: int) -> bool:
        """Return whether exactly this address is meant."""
        return self._allows_port(scheme, port) and self.host == str(address)

    def _allows_port(self, scheme: str, port: int) -> bool:
        if self.scheme not in ("", scheme):
            return False
        return port == (DEFAULT_PORTS[scheme] if self.port is None else self.port)


def read_grant(text: str) -> Grant:
    """Read one entry.

    Raises: ValueError.
    """
    scheme, separator, rest = text.rpartition("://")
    if separator and scheme not in DEFAULT_PORTS:
        raise ValueError(f"{text!r:.200}: the scheme may be http or https")
    is_pattern = rest.startswith("*")
    if not is_pattern:
        host, port = read_host(rest)
        return Grant(text, scheme, host, False, port)
    if rest[1:2] not in ("", ".", ":"):
        raise ValueError(f"{text!r:.200}: after '*' there may be a dot and a name")
    # `x` takes the place of the names that the pattern stands for.
    host, port = read_host(f"x{rest[1:]}")
    if host == "x" and rest.startswith("*."):
        raise ValueError(f"{text!r:.200}: after '*.' there must be a name")
    if literal(host) is not None or literal(host.removeprefix("x.")) is not None:
        raise ValueError(f"{text!r:.200}: '*' cannot stand for a part of an address")
    return Grant(text, scheme, host[1:], True, port)


class Grants:
    """All entries of one handler. Immutable."""

    __slots__ = ("_grants", "texts")

    def __init__(self, texts: Iterable[str]) -> None:
        """Raises: ValueError."""
        self.texts = tuple(texts)
        self._grants = tuple(read_grant(text) for text in self.texts)

    def find(self, target: Target) -> Grant | None:
        """Return the entry that allows *target*; None if it is not granted. An address in *target*
        is allowed only by an entry with that address."""
        return next((grant for grant in self._grants if grant.allows(target)), None)

    def allows_address(self, address: Address, scheme: str, port: int) -> bool:
        """Return whether a granted name may have *address*."""
        return is_public(address) or any(
            grant.allows_address(address, scheme, port) for grant in self._grants
        )


@lru_cache(maxsize=1024)
def grants_of(texts: tuple[str, ...]) -> Grants:
    """Return `Grants(texts)`, the same object for the same texts."""
    return Grants(texts)
