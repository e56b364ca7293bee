"""The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), from operations and models."""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from nexus.http.api.models import Problem
from nexus.http.api.operations import OPERATIONS, PREFIX, Operation
from nexus.http.api.uploads import FORM, SUFFIXES

_REF = "#/components/schemas/{model}"
_PARAMETERS = {
    "name": "a handler's name",
    "id": "the id in an execution's result",
    "version": "the id of a deployed version, such as v7",
}
_RETRY_AFTER = ("Retry-After", "integer", "seconds after which to try again")
_HEADERS = {
    401: ("WWW-Authenticate", "string", "what is wanted (RFC 6750)"),
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
"""Maps a status to the header that comes with it: its name, type and description."""
_STRING = {"type": "string"}
_BINARY = {"type": "string", "format": "binary"}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "the ETag that the versions must have, or *; else the answer is 412",
    "schema": _STRING,
}
_UPLOADS: dict[str, Any] = {
    **{mimetype: {"schema": _BINARY} for mimetype in SUFFIXES},
    FORM: {
        "schema": {
            "type": "object",
            "properties": {
                "module": {**_BINARY, "description": "the handler, if it is one file"},
                "files": {
                    "type": "array",
                    "items": _BINARY,
                    "description": "its files, if there are several; filenames are their paths",
                },
                "manifest": {**_STRING, "description": "the manifest (TOML)"},
                "note": {**_STRING, "description": "why there is this version"},
            },
        }
    },
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Return the document as a JSON object."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        path = paths.setdefault(PREFIX + operation.path, {})
        path[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Nexus runtime API",
            "version": version("nexus-runtime"),
            "description": "Run handlers with JSON contexts, and look at what a pod has.",
        },
        "paths": paths,
        "security": [{"adminToken": []}],
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"adminToken": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation.id, "summary": operation.summary}
    parameters = [*_path_parameters(operation), *_query_parameters(operation)]
    if operation.changes:
        parameters.append(_IF_MATCH)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        content = {"application/json": {"schema": _reference(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.uploads:
        described["requestBody"] = {"required": True, "content": _UPLOADS}
    described["responses"] = {
        **_answer(operation),
        **{str(status): _problem(status) for status in (*operation.errors, 401, 500)},
    }
    return described


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PARAMETERS[name],
            "schema": {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    fields = operation.query.model_json_schema()["properties"]
    found = []
    for name, schema in fields.items():
        description = schema.pop("description")
        found.append({"name": name, "in": "query", "description": description, "schema": schema})
    return found


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.answer is None:
        return {"204": {"description": "Done"}}
    content: dict[str, Any] = {"application/json": {"schema": _reference(operation.answer)}}
    if operation.streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    answers: dict[str, Any] = {"200": {"description": "OK", "content": content}}
    if operation.creates:
        answers["201"] = {"description": "It was made", "content": content}
    if operation.tagged:
        for answer in answers.values():
            answer["headers"] = {"ETag": {"description": "for If-Match", "schema": _STRING}}
    if operation.may_be_pending:
        answers["202"] = {"description": "The execution is suspended", "content": content}
    return answers


def _problem(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _reference(Problem)}}
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": content}
    if status in _HEADERS:
        name, type_, description = _HEADERS[status]
        described["headers"] = {name: {"description": description, "schema": {"type": type_}}}
    return described


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas() -> dict[str, Any]:
    said = {model for operation in OPERATIONS for model in (operation.answer, operation.body)}
    models = sorted(
        (model for model in (*said, Problem) if model is not None), key=lambda model: model.__name__
    )
    _, found = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    schemas: dict[str, Any] = found["$defs"]
    return schemas
