"""HTTP: a WSGI layer for handler traffic in front of a Flask app for everything else.

layer.py     the WSGI layer: request in, response out
head.py      the head of an answer
early.py     an answer that leaves before its run ends
early_answers.py  opens such answers, and reports how their runs end
body.py      reads a request body, up to a size and a time limit
static_files.py  answers of handlers that are only a folder of files
filters.py   request filters of plugins, around one request
errors.py    error -> problem+json (RFC 9457); the one table of statuses
frames.py    lets an answered request go at once
app.py       the Flask apps of the main port (with the layer in front) and of the management port
management.py  the management port: its socket, threads, and the pod's readiness
streams.py   log records as server-sent events
metrics.py   the endpoint /metrics
series.py    the series that /metrics shows from the start
api/         the runtime API
console/     the console at /_nexus/
pages/       pages for people: what runs here
"""

from nexus.http.app import create_app, create_management_app

__all__ = ["create_app", "create_management_app"]
