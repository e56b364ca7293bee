"""Settings for Nexus from a hash in Redis.

`options` says what the environment may name, `source` reads the hash, `watch` follows it. redis-py
takes 0.1 s to import: only where a server is named.
"""
