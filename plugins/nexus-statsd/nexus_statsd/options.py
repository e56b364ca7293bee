"""The table `plugins.statsd`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from nexus.plugin_api.option_types import Allowed, Whole

UDP_BYTES = 1432
"""The largest datagram over UDP. It fits an Ethernet frame of 1500 bytes beside the headers of IPv6
and UDP and one option; a larger one would be split, and lost as a whole with any fragment."""
SOCKET_BYTES = 8192
"""The largest datagram over a Unix socket: the Datadog agent reads no more at once."""


def _tags(value: object) -> object:
    """Return tags from a table, or from a text `a:b,c:d` like DD_TAGS."""
    if not isinstance(value, str):
        return value
    pairs = [pair.strip() for pair in re.split(r"[,\s]+", value) if pair.strip()]
    return dict(_pair(pair) for pair in pairs)


def _pair(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not (key and colon and value):
        raise ValueError("not KEY:VALUE")
    return key, value


def _socket(value: Any) -> Any:
    if not isinstance(value, str) or (value and not value.startswith("/")):
        raise ValueError("not an absolute path")
    return value


class Options(BaseModel):
    """The agent's address and its dialect of the protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1), Allowed("a host name or an address")] = "127.0.0.1"
    port: Annotated[Whole, Field(ge=1, le=65535), Allowed("a whole number from 1 to 65535")] = 8125
    socket: Annotated[
        str, BeforeValidator(_socket), Allowed("the absolute path of a Unix datagram socket")
    ] = ""
    """path of a Unix socket, which wins over host and port; empty: UDP"""
    prefix: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_.]*$"), Allowed("letters, digits, _ and .")
    ] = "nexus"
    tags: Annotated[
        Mapping[str, str],
        BeforeValidator(_tags),
        Allowed("a table of texts, or KEY:VALUE,KEY:VALUE"),
    ] = Field(default_factory=dict)
    """sent with every metric"""
    dialect: Annotated[Literal["dogstatsd", "statsd"], Allowed("dogstatsd, statsd")] = "dogstatsd"
    """statsd has no tags: their values become parts of the name"""

    @property
    def datagram_bytes(self) -> int:
        """Return the largest size of a datagram."""
        return SOCKET_BYTES if self.socket else UDP_BYTES
