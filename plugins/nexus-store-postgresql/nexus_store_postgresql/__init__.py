"""Nexus's key-value store in PostgreSQL.

`plugin` is the entry point, `store` calls the server by `connections`, `schema` holds its tables
and statements.
"""
