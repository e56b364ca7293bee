"""HTTP: a WSGI layer for handler traffic in front of a Flask app for everything else.

routes.py    path -> handler
errors.py    error -> problem+json (RFC 9457); the one table of statuses
layer.py     the WSGI layer: request in, response out
app.py       the Flask app: health, metrics
"""

from nexus.http.app import create_app

__all__ = ["create_app"]
