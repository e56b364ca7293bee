"""Modules of Node that people import without thinking, as far as a request can have them.

modules.py   their names and sources
needed.py    what a handler's sources need without an import: globals, `require`

A folder for each kind:

bytes/       buffer, string_decoder; strings to bytes and back, readInt16LE and its like
language/    assert, async_hooks, events, util, util/types; what these modules need of the host
stream/      stream: Readable, Writable, Duplex, Transform, pipeline
system/      crypto, fs without files, os, path, process, querystring, timers, url
"""
