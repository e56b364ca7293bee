"""The plugin: adds the store `redis`. redis-py is only imported if that store is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nexus.plugin_api.hooks import hookimpl
from nexus.plugin_api.option_types import Allowed, Whole
from nexus.plugin_api.options import plugin_options
from nexus.plugin_api.settings import Settings
from nexus.plugin_api.stores import Store, StoreFactory


class Options(BaseModel):
    """The options in `plugins.store-redis`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[
        str,
        Field(pattern=r"^(redis|rediss|unix)://", repr=False),
        Allowed("redis://HOST:PORT/DATABASE, rediss:// for TLS, or unix:///PATH"),
    ] = "redis://127.0.0.1:6379/0"
    prefix: Annotated[
        str, Field(pattern=r"^[^{}\s]{0,64}$"), Allowed("up to 64 characters without braces")
    ] = "nexus:"
    connect_timeout_ms: Whole = Field(500, ge=1, le=60_000)


@hookimpl
def nexus_stores() -> Mapping[str, StoreFactory]:
    return {"redis": _make}


def _make(settings: Settings) -> Store:
    from nexus_store_redis.store import RedisStore

    options = plugin_options(settings, "store-redis", Options)
    return RedisStore(options.url, options.prefix, options.connect_timeout_ms / 1000)
