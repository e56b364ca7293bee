"""The handlers folder: its handlers, their manifests, and its changes.

sources.py    lists the handlers in a folder
names.py      the names that handlers may have
manifest.py   NAME.toml beside a handler
fields.py     the values of a manifest, each with its check
files.py      the files that a manifest gives its handler
schema.py     the manifest's JSON Schema of a handler's arguments
secrets.py    the values of the secrets that manifests name
settling.py   which handlers serve side by side
catalogue.py  the handlers that can serve, and what is wrong with the others
split.py      versions of a handler that share its requests
failed.py     the routes of handlers that could not be loaded
routes.py     which handler a path belongs to
watcher.py    loads the folder, then watches it
texts.py      handlers from source text, not from files
ceiling.py    the limits and capabilities that a client's source text may have
facts.py      facts about a handler, for users
"""
