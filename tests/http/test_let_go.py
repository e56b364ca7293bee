"""An answered request is dropped at once, and does not wait for a garbage collection: under granian
its connection stays open that long if the body was not read."""

from __future__ import annotations

import gc
import io
import logging
import weakref
from collections.abc import Iterator

import pytest

from .conftest import Client


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def is_dropped(client: Client, method: str, path: str, status: int) -> bool:
    size = 2000 if status == 413 else 5
    body = io.BytesIO(b"x" * size)
    assert client.call(path, method, body, CONTENT_LENGTH=str(size)).code == status
    last = weakref.ref(body)
    del body
    return last() is None


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/nowhere", 404),
        ("POST", "/healthz", 405),
        ("POST", "/limited", 405),
        ("POST", "/hello", 413),
        ("GET", "/healthz", 200),
        ("POST", "/hello", 200),
        ("POST", "/trap", 500),
        ("POST", "/silent", 502),
        ("POST", "/spin", 504),
    ],
)
def test_an_answered_request(client: Client, method: str, path: str, status: int) -> None:
    assert is_dropped(client, method, path, status)


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_one_whose_view_failed(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def broken() -> str:
        raise error("why")

    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)  # pytest keeps records
    monkeypatch.setitem(client.app.view_functions, "healthz", broken)
    assert is_dropped(client, "GET", "/healthz", 500)
