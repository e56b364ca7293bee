"""The key-value store of handlers: who may use which namespace, and SQLite as the built-in store.

grants.py        the manifest's `kv`
session.py       the calls of one run: grants, limits, measurements
stores.py        the store of one worker, chosen by name
sqlite.py        the built-in store, a file in `state_dir`
schema.py        its tables
connections.py   its connections
group_commit.py  its writes, of which several share one flush to the disk
"""

from nexus.stores.stores import (
    BUILT_IN,
    KeyValueLimits,
    KeyValueStores,
    choose_store,
    unknown_store,
)

__all__ = ["BUILT_IN", "KeyValueLimits", "KeyValueStores", "choose_store", "unknown_store"]
