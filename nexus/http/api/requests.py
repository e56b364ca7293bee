"""Reads a request's JSON body into its model; an error lists each mistake."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError

from nexus.config.problems import explain
from nexus.errors import InvalidArgument
from nexus.http.body import read_body

Model = TypeVar("Model", bound=BaseModel)


def read_model(
    request: Request, model: type[Model], *, limit_bytes: int, timeout_s: float
) -> Model:
    """Return the body of *request* as a *model*.

    Raises: InvalidArgument with a line for each mistake; PayloadTooLarge; RequestTimeout.
    """
    if request.mimetype != "application/json":
        raise InvalidArgument(
            f"Content-Type: found {request.mimetype[:80]!r}, allowed: application/json"
        )
    body = read_body(request.environ, limit_bytes, timeout_s)
    value = _parse(body)
    if not isinstance(value, dict):
        raise InvalidArgument("body: not a JSON object")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidArgument("\n".join(explain(error, model, lambda _: "body"))) from error


def read_query(request: Request, model: type[Model]) -> Model:
    """Return the query of *request* as a *model*.

    Raises: InvalidArgument with a line for each mistake.
    """
    given = request.args.to_dict(flat=False)
    twice = [name for name, values in given.items() if len(values) > 1]
    if twice:
        raise InvalidArgument(f"query: {twice[0][:80]!r} is given more than once")
    try:
        return model.model_validate(
            {name: values[0] for name, values in given.items()}, strict=False
        )
    except ValidationError as error:
        raise InvalidArgument("\n".join(explain(error, model, lambda _: "query"))) from error


def _parse(body: bytes) -> Any:
    try:
        # UTF-8 is named since json.loads also guesses UTF-16 and UTF-32; JSON between systems must
        # be UTF-8 (RFC 8259 section 8.1).
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except RecursionError as error:
        raise InvalidArgument("body: JSON nested too deeply") from error
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"body: not JSON: byte {error.start} is not UTF-8") from error
    except ValueError as error:
        raise InvalidArgument(f"body: not JSON: {error}") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
