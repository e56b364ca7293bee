"""The tables of the SQLite store."""

from __future__ import annotations

from typing import Final

CREATE: Final = (
    # `expires_ms` before `value`: a list then reads no overflow pages of large values.
    """CREATE TABLE IF NOT EXISTS kv (
        id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, key BLOB NOT NULL, expires_ms INTEGER,
        value BLOB NOT NULL)""",
    "CREATE UNIQUE INDEX IF NOT EXISTS kv_key ON kv (namespace, key)",
    """CREATE INDEX IF NOT EXISTS kv_expires ON kv (expires_ms)
        WHERE expires_ms IS NOT NULL""",
    "CREATE TABLE IF NOT EXISTS kv_size (namespace TEXT PRIMARY KEY, bytes INTEGER NOT NULL)",
    """CREATE TRIGGER IF NOT EXISTS kv_added AFTER INSERT ON kv BEGIN
        INSERT INTO kv_size VALUES (new.namespace, 0) ON CONFLICT DO NOTHING;
        UPDATE kv_size SET bytes = bytes + length(new.key) + length(new.value)
            WHERE namespace = new.namespace; END""",
    """CREATE TRIGGER IF NOT EXISTS kv_changed AFTER UPDATE OF value ON kv BEGIN
        UPDATE kv_size SET bytes = bytes + length(new.value) - length(old.value)
            WHERE namespace = new.namespace; END""",
    """CREATE TRIGGER IF NOT EXISTS kv_deleted AFTER DELETE ON kv BEGIN
        UPDATE kv_size SET bytes = bytes - length(old.key) - length(old.value)
            WHERE namespace = old.namespace; END""",
)

LIVE: Final = "(expires_ms IS NULL OR expires_ms > ?)"
GET: Final = f"SELECT value FROM kv WHERE namespace = ? AND key = ? AND {LIVE}"
PUT: Final = """INSERT INTO kv (namespace, key, expires_ms, value) VALUES (?, ?, ?, ?)
    ON CONFLICT (namespace, key) DO UPDATE SET expires_ms = excluded.expires_ms,
    value = excluded.value"""
DELETE: Final = "DELETE FROM kv WHERE namespace = ? AND key = ?"
EXPIRES: Final = f"SELECT expires_ms FROM kv WHERE namespace = ? AND key = ? AND {LIVE}"
LIST: Final = f"""SELECT key, expires_ms FROM kv WHERE namespace = ? AND key >= ? AND key > ?
    AND key < ? AND {LIVE} ORDER BY key LIMIT ?"""
SIZE: Final = "SELECT bytes FROM kv_size WHERE namespace = ?"
# In small pieces: one write never pays for all that has expired.
PURGE: Final = """DELETE FROM kv WHERE id IN
    (SELECT id FROM kv WHERE expires_ms <= ? ORDER BY expires_ms LIMIT 100)"""
