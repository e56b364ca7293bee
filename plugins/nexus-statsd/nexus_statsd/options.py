"""The table `plugins.statsd`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from nexus.plugin_api.option_types import Allowed, Whole

UDP_BYTES = 1432
"""what fits an Ethernet frame of 1500 beside IPv6 and UDP headers, and one option: no fragments,
of which one lost loses all"""
SOCKET_BYTES = 8192
"""what the Datadog agent reads at once from its socket"""


def _tags(value: object) -> object:
    """From a table, or from the text `a:b,c:d`, as DD_TAGS has it."""
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
    """Where the agent is, and how it wants to be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1), Allowed("a host name or an address")] = "127.0.0.1"
    port: Annotated[Whole, Field(ge=1, le=65535), Allowed("a whole number from 1 to 65535")] = 8125
    socket: Annotated[
        str, BeforeValidator(_socket), Allowed("the absolute path of a Unix datagram socket")
    ] = ""
    """wins over host and port; empty: UDP"""
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
    """statsd knows no tags: their values become parts of the name"""

    @property
    def datagram_bytes(self) -> int:
        """The most that is sent at once."""
        return SOCKET_BYTES if self.socket else UDP_BYTES
