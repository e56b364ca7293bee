"""A handler that could not be loaded: clients learn its name, the log has the reason."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from nexus.handlers.routes import Routes
from nexus.http import create_app

from .conftest import HANDLERS, Client, make_service


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "handlers"
    made.mkdir()
    (made / "hello.wat").write_text(HANDLERS["hello"][0])
    (made / "bad.wat").write_text("(module (nonsense))")
    return made


def test_it_answers_503_with_its_name(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    service = make_service(folder, registry)
    with caplog.at_level(logging.ERROR):
        service.start_with(folder)
    client = Client(create_app(service, registry), service, registry)
    for path in ("/bad", "/bad/below"):
        answer = client.call(path)
        problem = answer.problem()
        assert (answer.code, problem["code"]) == (503, "HANDLER_NOT_LOADED")
        assert problem["handler"] == "bad"
        assert "'bad' could not be loaded" in problem["detail"]
        assert answer.header("X-Nexus-Outcome") == "invalid_handler"
    assert client.count("errors_total", code="HANDLER_NOT_LOADED") == 2
    assert "bad.wat" in caplog.text
    assert client.call("/hello").code == 200
    assert client.call("/elsewhere").code == 404
    service.stop(grace_s=5.0)


@pytest.mark.parametrize(("looks", "status"), [(1, 200), (2, 503)])
def test_a_handler_that_is_loaded_between_two_looks(
    client: Client, monkeypatch: pytest.MonkeyPatch, looks: int, status: int
) -> None:
    """It never gets a 404: the layer looks twice, and before it says 404 the app once more."""
    missing = iter([None] * looks)
    find = Routes.find

    def late(routes: Routes[Any], path: str) -> Any:
        return next(missing, find(routes, path))

    monkeypatch.setattr(Routes, "find", late)
    assert client.call("/hello").code == status
    assert client.call("/hello").code == 200
