"""The document says what the app does: schemathesis asks for all of it, in every way it can."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from nexus.http.api.models import ExecutionRequest, ResumeRequest
from nexus.http.api.openapi import document
from nexus.http.api.operations import OPERATIONS
from tests.http.api.conftest import TOKEN, Api
from tests.http.conftest import Client

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
OPERATION_IDS = [operation.id for operation in OPERATIONS]


@pytest.mark.parametrize("operation_id", OPERATION_IDS)
def test_the_app_keeps_to_its_document(app_of_api: tuple[Flask, Client], operation_id: str) -> None:
    # Not by schemathesis's own pytest plugin: 4.30 does not know pytest 9's nodes.
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", app_of_api[0])
    operation = schema.find_operation_by_id(operation_id)

    @given(case=operation.as_strategy())
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)

    ask()


def test_every_operation_is_described_and_served(api: Api) -> None:
    found = api.get("/v1/openapi.json")
    assert found == json.loads(json.dumps(document()))
    assert found["openapi"].startswith("3.1.")
    described = {
        (method.upper(), path) for path, methods in found["paths"].items() for method in methods
    }
    assert described == {(operation.method, f"/v1{operation.path}") for operation in OPERATIONS}
    assert "#/$defs/" not in json.dumps(found)


@pytest.mark.parametrize("model", [ExecutionRequest, ResumeRequest])
def test_the_examples_are_right(model: type[BaseModel]) -> None:
    examples = document()["components"]["schemas"][model.__name__]["examples"]
    assert examples
    for example in examples:
        model.model_validate(example)


def test_headers_are_described(api: Api) -> None:
    responses = document()["paths"]["/v1/pool"]["get"]["responses"]
    answer = api.call("GET", "/v1/pool", HTTP_AUTHORIZATION="")
    for name in responses["401"]["headers"]:
        assert answer.header(name)
