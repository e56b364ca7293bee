"""Key-value stores, in which handlers keep what outlives a request.

interface.py  the interface of a store, and its errors
"""

from nexus.plugin_api.stores.interface import (
    MAX_COUNT,
    MAX_LISTED,
    MAX_VALUE_BYTES,
    Entry,
    NotACounter,
    Store,
    StoreError,
    StoreFactory,
    StoreFull,
    StoreUnavailable,
    Terms,
    counted,
)

__all__ = [
    "MAX_COUNT",
    "MAX_LISTED",
    "MAX_VALUE_BYTES",
    "Entry",
    "NotACounter",
    "Store",
    "StoreError",
    "StoreFactory",
    "StoreFull",
    "StoreUnavailable",
    "Terms",
    "counted",
]
