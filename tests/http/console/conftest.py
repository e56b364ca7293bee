"""The console of a service in the test's process."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from nexus.http import create_app
from nexus.service import Service
from tests.http.conftest import make_service
from tests.support import shared_cache
from tests.wat import one, prints

TOKEN = "s3cret-of-the-operator"
ASKS = """export default async () => ({ said: await $ext.approver.ask({ "<b>": 1 }) });"""
HANDLERS = {
    "hello.wat": prints("Content-Type: text/plain\n\nhello"),
    "trap.wat": one("unreachable"),
    "asks.js": ASKS,
    "asks.toml": 'capabilities = ["ext:approver"]\nenv = { PASSWORD = "hunter2222" }\n',
    "bad<i>.js": "export default {",
}
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="package")
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture(scope="package")
def service(
    tmp_path_factory: pytest.TempPathFactory, registry: CollectorRegistry
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("handlers")
    for name, content in HANDLERS.items():
        (folder / name).write_text(content)
    made = make_service(
        folder,
        registry,
        NEXUS_CACHE_DIR=str(shared_cache()),
        NEXUS_CONSOLE="true",
    )
    made.start_with(folder)
    yield made
    made.stop(grace_s=5.0)


@pytest.fixture(scope="package")
def app(service: Service, registry: CollectorRegistry) -> FlaskClient:
    return create_app(service, registry, TOKEN.encode()).test_client()


@pytest.fixture
def outside(app: FlaskClient) -> FlaskClient:
    return app.application.test_client()


@pytest.fixture
def inside(outside: FlaskClient) -> FlaskClient:
    answer = outside.post("/_nexus/login", data={"token": TOKEN})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/_nexus/")
    return outside


def form_token(client: FlaskClient) -> str:
    page = client.get("/_nexus/suspensions").text
    return re.findall(r'name="form_token" value="(\w+)"', page)[0]
