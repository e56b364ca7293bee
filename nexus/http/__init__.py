"""HTTP: a WSGI layer for handler traffic in front of a Flask app for everything else.

errors.py    error -> problem+json (RFC 9457); the one table of statuses
layer.py     the WSGI layer: request in, response out
metrics.py   the endpoint /metrics
app.py       the Flask app: health, metrics, the layer in front
"""

from nexus.http.app import create_app

__all__ = ["create_app"]
