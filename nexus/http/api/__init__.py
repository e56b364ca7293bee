"""The runtime API over HTTP, below `/v1`: run handlers with JSON contexts, look at what is there.

One table of operations (`operations.py`) makes both the routes and the OpenAPI document, and one
set of models (`models.py`) both checks what comes in and describes it. Off unless there is an admin
token; without one nothing is served here.
"""

from nexus.http.api.blueprint import make_blueprint

__all__ = ["make_blueprint"]
