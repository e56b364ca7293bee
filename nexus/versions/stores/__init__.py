"""Stores that servers on several machines share.

choose.py      the store that the setting `version_store` names
postgresql.py  the store in a PostgreSQL database
s3.py          the store in a bucket of S3, or of another service with its API
oci.py         the store in a repository of an OCI registry
guarded.py     bounds how many threads a store holds that does not answer
registry.py    such a repository over HTTP
"""
