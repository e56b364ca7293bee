"""The runtime API over HTTP, below `/v1`: runs handlers with JSON contexts, shows the state.

Off unless there is an admin token; without one nothing is served here.

operations.py  path, models and errors of each operation: for routes and OpenAPI document alike
models.py      models of requests and answers: check and describe them
version_models.py  models of deployed versions
views.py       the function of each operation
version_views.py   those on deployed versions
reply.py       an answer with more than a value: a tag, headers
uploads.py     an uploaded handler, read from a file or a form
requests.py    a request's JSON body, read into its model
blueprint.py   every operation as a route, behind the token
openapi.py     the OpenAPI 3.1 document
log_models.py  models of the log
token.py       checks the admin token
"""

from nexus.http.api.blueprint import make_blueprint

__all__ = ["make_blueprint"]
