"""Nexus's key-value store in Redis.

`plugin` is the entry point, `store` calls the server, `script` holds what runs inside it.
"""
