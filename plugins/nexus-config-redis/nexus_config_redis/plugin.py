"""The module that the entry point names: the hooks of this plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nexus.plugin_api.config_source import ConfigSource
from nexus.plugin_api.hooks import hookimpl
from nexus_config_redis.options import options_from


@hookimpl
def nexus_config_sources(environ: Mapping[str, str]) -> Sequence[ConfigSource] | None:
    """Return the hash as a source, or None if the environment names no server."""
    options = options_from(environ)
    if options is None:
        return None
    from nexus_config_redis.source import RedisSource

    return [RedisSource(options)]
