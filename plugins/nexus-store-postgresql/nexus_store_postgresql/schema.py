"""Two tables, the function that carries out every write, and the statements of the store."""

from __future__ import annotations

from typing import Final

CREATE: Final = r"""
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.kv (
    namespace text COLLATE "C" NOT NULL, key bytea NOT NULL, value bytea NOT NULL,
    expires_ms bigint,
    PRIMARY KEY (namespace, key));
CREATE INDEX IF NOT EXISTS kv_expires ON {schema}.kv (namespace, expires_ms)
    WHERE expires_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS {schema}.kv_size (
    namespace text COLLATE "C" PRIMARY KEY, bytes bigint NOT NULL);
CREATE OR REPLACE FUNCTION {schema}.kv_now() RETURNS bigint LANGUAGE sql VOLATILE
    AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

-- Returns an outcome (`ok`, `differs`, `full`, `nan`) and its value. `fresh` is what to store; NULL
-- deletes. The row of the size is locked first, so the writes to one namespace take turns.
CREATE OR REPLACE FUNCTION {schema}.kv_write(
    operation text, ns text, k bytea, expected bytea, fresh bytea, summand bigint, ttl_ms bigint,
    most bigint, OUT outcome text, OUT content bytea) LANGUAGE plpgsql AS $body$
DECLARE
    now_ms bigint; size bigint; grows bigint; total numeric; old {schema}.kv%ROWTYPE;
    expires bigint;
BEGIN
    INSERT INTO {schema}.kv_size VALUES (ns, 0) ON CONFLICT DO NOTHING;
    SELECT bytes INTO size FROM {schema}.kv_size WHERE namespace = ns FOR UPDATE;
    now_ms := {schema}.kv_now();
    expires := now_ms + ttl_ms;
    -- In small pieces: one write never pays for all that has expired.
    WITH gone AS (
        DELETE FROM {schema}.kv WHERE namespace = ns AND (key IN (
            SELECT key FROM {schema}.kv WHERE namespace = ns AND expires_ms <= now_ms
            ORDER BY expires_ms LIMIT 100) OR (key = k AND expires_ms <= now_ms))
        RETURNING length(key) + length(value) AS bytes)
    SELECT size - coalesce(sum(bytes), 0) INTO size FROM gone;
    SELECT * INTO old FROM {schema}.kv WHERE namespace = ns AND key = k;
    outcome := 'ok';

    IF operation = 'increment' THEN
        IF encode(coalesce(old.value, '0'), 'escape') !~ '^-?[0-9]{{1,16}}$' THEN
            outcome := 'nan';
        ELSE
            total := encode(coalesce(old.value, '0'), 'escape')::numeric + summand;
            fresh := convert_to(total::text, 'UTF8');
            IF abs(total) > 9007199254740991 THEN outcome := 'nan'; END IF;
            IF ttl_ms IS NULL THEN expires := old.expires_ms; END IF;
        END IF;
    ELSIF operation = 'swap' AND old.value IS DISTINCT FROM expected THEN
        outcome := 'differs';
    END IF;

    IF outcome = 'ok' AND fresh IS NULL THEN
        DELETE FROM {schema}.kv WHERE namespace = ns AND key = k;
        IF old.key IS NOT NULL THEN size := size - length(k) - length(old.value); END IF;
    ELSIF outcome = 'ok' THEN
        grows := length(fresh) - coalesce(length(old.value), -length(k));
        IF size + grows > most AND grows > 0 THEN
            outcome := 'full';
            content := convert_to((size + grows)::text, 'UTF8');
        ELSE
            INSERT INTO {schema}.kv VALUES (ns, k, fresh, expires)
                ON CONFLICT (namespace, key) DO UPDATE
                SET value = excluded.value, expires_ms = excluded.expires_ms;
            size := size + grows;
            content := fresh;
        END IF;
    END IF;
    UPDATE {schema}.kv_size SET bytes = size WHERE namespace = ns;
END $body$;
"""

GET: Final = """SELECT value FROM {schema}.kv WHERE namespace = %s AND key = %s
    AND (expires_ms IS NULL OR expires_ms > {schema}.kv_now())"""
LIST: Final = """SELECT key, expires_ms FROM {schema}.kv WHERE namespace = %s AND key >= %s
    AND key > %s AND key < %s AND (expires_ms IS NULL OR expires_ms > {schema}.kv_now())
    ORDER BY key LIMIT %s"""
WRITE: Final = """SELECT outcome, content FROM {schema}.kv_write(
    %s, %s, %s, %s::bytea, %s::bytea, %s::bigint, %s::bigint, %s)"""
LOCK: Final = 7_305_809_216_352_443
"""of the creation, which two connections at once must not begin"""
