"""The runtime API over HTTP, below `/v1`: run handlers with JSON contexts, look at what is there.

One table of operations makes both the routes and the OpenAPI document, and one set of models both
checks what comes in and describes it. Off unless there is an admin token.

operations.py  path, models and errors of each operation
models.py      what goes in and what comes out
blueprint.py   every operation as a route, behind the token
views.py       what each operation does
requests.py    reads a request's JSON body into its model
token.py       who may use the API
openapi.py     the OpenAPI 3.1 document
"""

from nexus.http.api.blueprint import make_blueprint

__all__ = ["make_blueprint"]
