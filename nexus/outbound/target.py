"""Reads the URL of an outbound request, strictly: another reading of it must not be possible.

A guest's own URL parser may accept more, such as `http://0x7f.1/`; it must send the normal form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote, urljoin

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_CHARACTERS: Final = 16 << 10
_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?#]*)(?P<path>[^#]*)")
_HOST: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PRINTABLE: Final = re.compile(r"[!-\[\]-~]+")  # ASCII without space and backslash
_MAX_NAME, _MAX_LABEL = 253, 63
_MOST_KNOWN: Final = _MAX_NAME + 6


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    scheme: str
    host: str
    """a name in lower case, or an address in its shortest form, without brackets"""
    port: int
    path: str
    """with the query"""

    @property
    def origin(self) -> tuple[str, str, int]:
        """Return what must be equal for credentials to be sent on."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Return host and port as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def public_url(self) -> str:
        """Return the URL without its query, which may hold secrets."""
        return self.url.split("?", 1)[0]

    @property
    def url(self) -> str:
        """Return the URL without a fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"


def read_target(url: str) -> Target:
    """Read an absolute URL.

    Raises: ValueError, which says what the URL must be.
    """
    if len(url) > _MAX_CHARACTERS:
        raise ValueError(f"a URL may have {_MAX_CHARACTERS} characters, not {len(url)}")
    text = url.split("#", 1)[0]
    if not _PRINTABLE.fullmatch(text):
        raise ValueError(f"{url!r:.200}: a URL must be ASCII without spaces and backslashes")
    found = _URL.fullmatch(text)
    if found is None or found["scheme"].lower() not in DEFAULT_PORTS:
        raise ValueError(f"{url!r:.200}: a URL must begin with http:// or https://")
    scheme, authority = found["scheme"].lower(), found["host"]
    if "@" in authority:
        raise ValueError(f"{url!r:.200}: a URL must not have a user or a password")
    host, port = _known_host(authority) if len(authority) <= _MOST_KNOWN else read_host(authority)
    path = found["path"]
    if not path.startswith("/"):
        path = f"/{path}"
    return Target(scheme, host, DEFAULT_PORTS[scheme] if port is None else port, path)


def read_host(text: str) -> tuple[str, int | None]:
    """Read a host and an optional port.

    Raises: ValueError, which says what they must be.
    """
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r:.200}: not a host name in ASCII, or an address, with a port")
    port = None if found["port"] is None else int(found["port"])
    if port is not None and not 0 < port < 1 << 16:
        raise ValueError(f"{text!r:.200}: a port is a number from 1 to 65535")
    name = found["name"]
    if name.startswith("["):
        return str(IPv6Address(name[1:-1])), port
    return _read_name(name.lower().removesuffix(".")), port


# A handler asks the same few servers again and again. Only a name that can be one is kept.
_known_host: Final = lru_cache(maxsize=1024)(read_host)


def _read_name(name: str) -> str:
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):  # some programs read `127.1` and `0x7f000001` as addresses
        return str(IPv4Address(name))
    if len(name) > _MAX_NAME or not all(0 < len(label) <= _MAX_LABEL for label in labels):
        raise ValueError(f"{name!r:.200}: a host name has labels of 1 to {_MAX_LABEL} characters")
    return name


def follow(target: Target, location: str) -> Target:
    """Return where a redirect from *target* to the header value *location* leads.

    Raises: ValueError.
    """
    ascii_only = quote(location.strip().encode("latin-1", "replace"), safe=_SAFE)
    return read_target(urljoin(target.url, ascii_only))


_SAFE: Final = "".join(map(chr, range(0x21, 0x7F)))
