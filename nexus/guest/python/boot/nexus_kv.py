"""`nexus.kv`: the key-value namespaces that the handler's manifest grants."""

import json

from nexus_host import _ERRORS, _NOT_FOUND, _OK, ask_raw, error_of

_MOST_VALUE_BYTES = 1 << 20


class StoreUnavailable(RuntimeError):
    """The store cannot be reached or written to now, or did not answer in time."""


class StoreFull(RuntimeError):
    """The namespace would become larger than it may be."""


_ERRORS.update({-8: StoreUnavailable, -9: StoreFull})
for _shown in (StoreUnavailable, StoreFull):
    _shown.__module__ = "nexus"


def _bytes(value):
    if isinstance(value, str):
        value = value.encode()
    elif not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"a value is text or bytes, not {type(value).__name__}; use json.dumps")
    if len(value) > _MOST_VALUE_BYTES:
        raise ValueError(f"a value of {len(value)} bytes; allowed are {_MOST_VALUE_BYTES}")
    return bytes(value)


def _call(words, value=b""):
    if not isinstance(words[2], str):
        raise TypeError(f"a key is a str, not {type(words[2]).__name__}: {words[2]!r:.80}")
    status, content = ask_raw(words, value)
    if status == _OK:
        return content
    if status == _NOT_FOUND:
        return None
    raise error_of(status)(json.loads(content))


def _ms(ttl):
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not ttl > 0:
        raise ValueError(f"ttl is a number of seconds above 0, not {ttl!r:.80}")
    return max(1, int(ttl * 1000))


class Namespace:
    """Keys and values that outlive a request; writes are atomic and visible to all workers."""

    def __init__(self, name):
        self._name = name

    def namespace(self, name):
        """Return the shared namespace *name*."""
        return Namespace(name)

    def get(self, key, default=None):
        """Return the value of *key* as bytes, or *default*."""
        found = _call(["kv_get", self._name, key])
        return default if found is None else found

    def get_text(self, key, default=None):
        """Return the value of *key* as text, or *default*."""
        found = self.get(key)
        return default if found is None else found.decode()

    def get_json(self, key, default=None):
        """Return the value of *key*, read as JSON, or *default*."""
        found = self.get(key)
        return default if found is None else json.loads(found)

    def put(self, key, value, ttl=None):
        """Set *key* to text or bytes; after *ttl* seconds it is gone."""
        _call(["kv_put", self._name, key, _ms(ttl)], _bytes(value))

    def put_json(self, key, value, ttl=None):
        """Set *key* to *value* as JSON; after *ttl* seconds it is gone."""
        self.put(key, json.dumps(value), ttl)

    def delete(self, key):
        """Delete *key*, if it exists."""
        _call(["kv_delete", self._name, key])

    def list(self, prefix="", cursor="", limit=1000):
        """Return a dict of `keys` (each with `name`, maybe `expiration`), `list_complete`, and
        `cursor` for the next call if there are more."""
        return json.loads(_call(["kv_list", self._name, prefix, cursor, limit]))

    def keys(self, prefix=""):
        """Yield all keys that begin with *prefix*, in order."""
        cursor = ""
        while True:
            found = self.list(prefix, cursor)
            yield from (entry["name"] for entry in found["keys"])
            cursor = found.get("cursor")
            if not cursor:
                return

    def increment(self, key, by=1, ttl=None):
        """Add *by* to the number that *key* holds, or to 0; return the sum."""
        return json.loads(_call(["kv_increment", self._name, key, by, _ms(ttl)]))

    def compare_and_set(self, key, expected, value, ttl=None):
        """Set *key* to *value* if it holds *expected*; return whether it did. None: no such key."""
        old = b"" if expected is None else _bytes(expected)
        new = b"" if value is None else _bytes(value)
        size = None if expected is None else len(old)
        words = ["kv_swap", self._name, key, size, value is not None, _ms(ttl)]
        return json.loads(_call(words, old + new))


kv = Namespace("self")
