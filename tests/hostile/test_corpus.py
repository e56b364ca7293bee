"""Each hostile module ends with its own code, and the next request is answered."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from nexus.errors import NexusError
from nexus.model import HttpRequest, HttpResponse
from nexus.service import Service

from .case import OK, Case
from .corpus import CASES, INNOCENT


def ask(service: Service, case: Case) -> HttpResponse:
    """Raises: what loading the handler or running it raised."""
    handler = service.handlers.catalogue.handlers.get(case.name)
    if handler is None:
        suffix = "wasm" if isinstance(case.module, bytes) else "wat"
        raise service.handlers.catalogue.problems[f"{case.name}.{suffix}"]
    meta = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": handler.route,
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    run = service.dispatcher.new_run(handler, time.monotonic())
    response = service.dispatcher.run(handler, HttpRequest(meta, b"0123456789abcdef"), run)
    assert isinstance(response, HttpResponse)
    return response


def test_the_corpus_is_large_and_its_names_differ() -> None:
    assert len(CASES) >= 100
    assert max(Counter(case.name for case in CASES).values()) == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile(service: Service, case: Case) -> None:
    for _ in range(2):  # an instance that a guest has harmed must not come back
        if case.code == OK:
            assert ask(service, case).body == case.body
        else:
            with pytest.raises(NexusError) as caught:
                ask(service, case)
            assert caught.value.code == case.code, caught.value
            assert case.why in str(caught.value)
        assert ask(service, INNOCENT).body == b"still here"
    assert service.pool.active_count() == 0
