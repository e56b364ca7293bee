"""Host and port, as written in a Host field and a URL (RFC 3986 section 3.2, RFC 9110 section 7.2).

Parsing is stricter than the grammar. It also rejects a name that the URL standard (section 3.5)
rejects, such as `1.2.3.4.5` or `a%2Fb`, or reads as another host: it reads `0x7f.1` as 127.0.0.1.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple

MAX_PORT: Final = 65535
_NAME_CHARACTERS: Final = 255  # DNS (RFC 1035 section 2.3.4)

# Unreserved characters and sub-delimiters except the comma: a server that joins repeated fields by
# commas would turn two Host lines into one valid host.
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+;=-]+)(?::([0-9]{0,5}))?")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


class Authority(NamedTuple):
    """A host, with brackets if it is an IPv6 address, and a port."""

    host: str
    port: str
    """digits; empty for the scheme's default port"""


@lru_cache(maxsize=256)
def parse_authority(text: str) -> Authority | None:
    """Return host and port of *text*, or None if *text* is not exactly a host and a port."""
    matched = _AUTHORITY.fullmatch(text)
    if matched is None:
        return None
    host, port = matched[1], matched[2] or ""
    if port and int(port) > MAX_PORT:
        return None
    return Authority(host, port) if _is_host(host) else None


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _is_address(IPv6Address, host[1:-1])
    if len(host) > _NAME_CHARACTERS:
        return False
    labels = host.lower().removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):  # then the URL standard reads it as an IPv4 address
        return _is_address(IPv4Address, host)
    return all(map(_is_label, labels))


def _is_address(kind: type[IPv4Address | IPv6Address], text: str) -> bool:
    try:
        kind(text)
    except AddressValueError:
        return False
    return True


def _is_label(label: str) -> bool:
    """Return whether *label* is plain, or is Punycode for a name with letters beyond ASCII."""
    if not label.startswith("xn--"):
        return True
    try:
        name = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    kinds = [unicodedata.category(character)[0] for character in name]
    is_plain = unicodedata.normalize("NFKC", name).lower() == name and not name.isascii()
    return is_plain and kinds[0] != "M" and not {"C", "Z"} & set(kinds)
