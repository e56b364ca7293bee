"""The runtime API over HTTP, below `/v1`: run handlers with JSON contexts, look at what is there.

Off unless there is an admin token; without one nothing is served here.

operations.py  path, models and errors of each operation: for routes and OpenAPI document alike
models.py      what goes in and what comes out: checks it and describes it
views.py       what each operation does
requests.py    a request's JSON body, read into its model
blueprint.py   every operation as a route, behind the token
openapi.py     the OpenAPI 3.1 document
token.py       who may use it
"""

from nexus.http.api.blueprint import make_blueprint

__all__ = ["make_blueprint"]
