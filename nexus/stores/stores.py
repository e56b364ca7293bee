"""The key-value store of one worker, chosen by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from nexus.errors import ConfigError
from nexus.model import Handler
from nexus.plugin_api.guest import KeyValue, Run
from nexus.plugin_api.problems import unknown_name
from nexus.plugin_api.settings import Settings
from nexus.plugin_api.stores import Store, StoreFactory
from nexus.stores.grants import grants_of
from nexus.stores.session import Session
from nexus.stores.sqlite import SqliteStore

PACKAGES: Final = {"postgresql": "nexus-store-postgresql", "redis": "nexus-store-redis"}
"""Our stores that are packages of their own: store name to package name"""
BUILT_IN: Final[Mapping[str, StoreFactory]] = {"sqlite": SqliteStore.of}


@dataclass(frozen=True)
class KeyValueLimits:
    """The limits of all handlers' calls."""

    most_bytes: int
    """keys and values of one namespace together"""
    timeout_s: float
    """the longest that one call may take"""


class KeyValueStores:
    """Opens the store for runs. Thread-safe."""

    def __init__(self, store: Store, limits: KeyValueLimits) -> None:
        self.store, self.limits = store, limits

    def open(self, handler: Handler, run: Run) -> KeyValue:
        """Return the key-value calls of *run*, as far as the handler's manifest grants them."""
        limits = self.limits
        return Session(
            run,
            handler.name,
            grants_of(handler.kv),
            self.store,
            limits.most_bytes,
            limits.timeout_s,
        )

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def choose_store(name: str, factories: Mapping[str, StoreFactory], settings: Settings) -> Store:
    """Make the store called *name*.

    Raises: ConfigError for an unknown name, and any error of the factory.
    """
    if wrong := unknown_store(name, factories):
        raise ConfigError([f"kv_store: found {name!r}, {wrong}"])
    return factories[name](settings)


def unknown_store(name: str, known: Collection[str]) -> str | None:
    """Return the allowed names if no store has this *name*, else None."""
    return unknown_name(name, known, PACKAGES)
