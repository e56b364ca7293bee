"""HTTP: a WSGI layer for handler traffic in front of a Flask app for everything else.

layer.py     the WSGI layer: request in, response out
body.py      reads a request's body, up to a size and until the deadline
filters.py   the request filters of plugins, around one request
errors.py    error -> problem+json (RFC 9457); the one table of statuses
app.py       the Flask app: health, and the layer in front
metrics.py   the endpoint /metrics
api/         the runtime API below /v1, behind a token
"""

from nexus.http.app import create_app

__all__ = ["create_app"]
