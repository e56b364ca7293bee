"""The Flask blueprint: every operation as a route, behind the token; errors as problems."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request

from nexus.errors import NexusError
from nexus.handlers.names import is_name
from nexus.http.api.openapi import document
from nexus.http.api.operations import OPERATIONS, PREFIX, Operation
from nexus.http.api.reply import Reply
from nexus.http.api.requests import read_model, read_query
from nexus.http.api.token import client_of
from nexus.http.api.uploads import read_upload_body
from nexus.http.api.views import Views
from nexus.http.errors import refusal
from nexus.runtime import WasmRuntime
from nexus.service import Service
from nexus.versions.ledger import ANY, Change
from nexus.versions.tokens import PLAIN

_OPERATIONS = {f"api.{operation.id}": operation for operation in OPERATIONS}
"""Maps an endpoint to its operation."""


def make_blueprint(service: Service, runtime: WasmRuntime, token: bytes) -> Blueprint:
    """Make the runtime API of *service*; clients must send *token*."""
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    views = Views(service, runtime)
    service.watch()  # the log is kept from the start

    @blueprint.before_request
    def authorize() -> None:
        # The document is public: it has nothing that is not in this project's repository.
        if request.endpoint != "api.getDocument":
            client = client_of(token, service.versions.tokens, request.headers.get("Authorization"))
            client.check(*_needed())
            g.client = client

    @blueprint.errorhandler(NexusError)
    def answer(error: NexusError) -> Response:
        service.refused(None, error)
        return refusal(error, (request.view_args or {}).get("name"))

    for operation in OPERATIONS:
        path = re.sub(r"{(\w+)}", r"<\1>", operation.path)
        view = _view(service, operation, getattr(views, _snake(operation.id)))
        blueprint.add_url_rule(path, operation.id, view, methods=[operation.method])
    blueprint.add_url_rule("/openapi.json", "getDocument", lambda: _json(document()))
    return blueprint


def _needed() -> tuple[tuple[str, ...], str]:
    """Return the scopes of which the request's token needs one, and the handler it is about."""
    operation = _OPERATIONS.get(request.endpoint or "")
    if operation is None:
        return (), ""
    if not operation.handler_query:
        return operation.scopes, (request.view_args or {}).get("name", "")
    handler = request.args.get("handler", "")
    if is_name(handler):  # not <source>, which is everybody's
        return operation.scopes, handler
    return tuple(scope for scope in operation.scopes if scope in PLAIN), ""


def _view(
    service: Service, operation: Operation, call: Callable[..., Any]
) -> Callable[..., Response]:
    def view(**parameters: str) -> Response:
        settings = service.settings
        arguments: dict[str, Any] = dict(parameters)
        if operation.body is not None:
            arguments["body"] = read_model(
                request,
                operation.body,
                limit_bytes=settings.max_request_bytes,
                timeout_s=settings.http_body_timeout_ms / 1000,
            )
        if operation.uploads:
            arguments["client"] = g.client
            arguments["upload"] = read_upload_body(
                request,
                limit_bytes=settings.max_version_mb << 20,
                timeout_s=settings.http_body_timeout_ms / 1000,
            )
        if operation.query is not None:
            arguments["query"] = read_query(request, operation.query)
        if operation.changes:
            arguments["change"] = Change(g.client.name, _if_match())
        found = call(**arguments)
        if isinstance(found, Response):
            return found
        if operation.answer is None:
            return Response(status=204)
        return _answer(operation, found)

    return view


def _answer(operation: Operation, found: Any) -> Response:
    reply = found if isinstance(found, Reply) else Reply(found)
    answer = _json(reply.value)
    if operation.may_be_pending and reply.value["status"] == "suspended":
        answer.status_code = 202
    if operation.creates and reply.is_new:
        answer.status_code = 201
    if reply.tag is not None:
        answer.set_etag(reply.tag)
    answer.headers.update(reply.headers)
    return answer


def _if_match() -> tuple[str, ...]:
    """Return the tags in the request's `If-Match`; empty: it has none."""
    if "If-Match" not in request.headers:
        return ()
    tags = request.if_match
    if tags.star_tag:
        return (ANY,)
    return tuple(tags.as_set()) or ("",)  # none that is strong: nothing matches


def _json(value: Any) -> Response:
    return Response(json.dumps(value) + "\n", mimetype="application/json")


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()
