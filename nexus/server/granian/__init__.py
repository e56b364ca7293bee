"""granian as a second server: its Rust part parses and writes HTTP in gunicorn's worker processes.

gunicorn stays the master: processes, signals, listening sockets and settings are the same. What a
worker does between accept and answer is granian's.

How a request lives. granian accepts, parses the head and queues the request for its Python threads.
One of those, the leader, takes request after request; the others are kept waiting, because several
threads would fight for the GIL. A body is awaited without any thread: each part that arrives is
another item in granian's queue. When a request is about to wait, or takes long, another thread
becomes the leader (turns.py; the same idea as `nexus/server/kept_alive.py`).

worker.py     gunicorn's worker: starts granian on its sockets, drains on SIGTERM
listener.py   granian on one listening socket
turns.py      granian's threads: one leads, the others wait
calls.py      brings granian's threads into Python when the worker starts, to warm instances on them
intake.py     from granian's request to WSGI and back
response.py   an answer on its way to granian: whole, early, or in parts
environ.py    the WSGI environment of a request
installed.py  whether it can be used
bodies.py     request bodies while they arrive, each up to a size and a time limit

`tests/server/test_granian.py` checks each of granian's internals that this package relies on;
setup.cfg bounds granian's version.
"""
