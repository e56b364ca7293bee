"""The handlers folder: what it holds, what its manifests say, and when it changes.

sources.py    which handlers a folder holds
manifest.py   NAME.toml beside a handler
settling.py   which handlers serve side by side
catalogue.py  the handlers that can serve, and what is wrong with the others
routes.py     which handler a path belongs to
watcher.py    loads the folder, then watches it
texts.py      handlers that are in no file: source text
facts.py      what users are told of a handler
"""
