"""Nexus's key-value store in PostgreSQL.

`plugin` is the entry point, `store` calls the server by `connections`, `schema` holds what the
server has and runs.
"""
