"""Joins the artifact cache with the store of versions, where pods share compiled code."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry

from nexus.compiler.cache import ArtifactCache
from nexus.compiler.shared import SharedArtifacts, read_key
from nexus.config import Settings
from nexus.metrics.versions import SharedArtifactCounts
from nexus.versions.stores.choose import open_store


def share_artifacts(
    cache: ArtifactCache, settings: Callable[[], Settings], registry: CollectorRegistry | None
) -> None:
    """Let *cache* take compiled code from the store of versions, and put it there, if the settings
    name a key. *settings* is called again whenever a limit is needed.

    Raises: ConfigError if the key cannot be used.
    """
    now = settings()
    counts = SharedArtifactCounts(registry)
    key = read_key(now.artifact_key_file)
    if key is None:
        return
    # A store of its own: an artifact has megabytes, and the follower must not wait for them.
    store = open_store(now.version_store, now.state_dir)
    cache.shared = SharedArtifacts(store, key, counts.count, lambda: settings().cache_max_mb << 20)
