"""The handlers folder: its handlers, their manifests, and its changes.

sources.py    lists the handlers in a folder
manifest.py   NAME.toml beside a handler
catalogue.py  the handlers that can serve, and the problems of the others
routes.py     finds a path's handler
watcher.py    loads the folder, then watches it
texts.py      handlers from source text, not from files
facts.py      facts about a handler, for users
"""
