"""The brief form: what concerns handlers, one line a request, errors in full."""

from __future__ import annotations

import io
import logging

import pytest

from nexus.logs import CHANGES, AccessLog, configure
from nexus.model import Outcome
from tests.logs.support import HOSTILE, Terminal
from tests.logs.test_access import request


def written(stream: io.StringIO) -> list[str]:
    """Lines without their times."""
    return [line[9:] if line[:2].isdecimal() else line for line in stream.getvalue().splitlines()]


def test_only_what_concerns_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    servers = logging.getLogger("gunicorn.error")  # a server in this process gives it a handler
    monkeypatch.setattr(servers, "propagate", True)
    monkeypatch.setattr(servers, "handlers", [])
    configure("info", "brief", stream)
    logging.getLogger("gunicorn.error").info("Booting")
    logging.getLogger("nexus.service").info("a reset copies")
    logging.getLogger("gunicorn.error").warning("careful")
    logging.getLogger(CHANGES).info("hello.js serves at /hello")
    fields = {"handler": "hello", "execution_id": "ab", "code": "X"}
    logging.getLogger("nexus.guest").info("hi", extra={"fields": fields})
    assert written(stream) == ["careful", "hello.js serves at /hello", "hello | hi"]


def test_errors_keep_their_lines_and_no_line_is_forged() -> None:
    stream = io.StringIO()
    configure("info", "brief", stream)
    logging.getLogger("x").error("line 1\n  line 2", extra={"fields": {"path": "/a"}})
    try:
        raise ZeroDivisionError("nothing")
    except ZeroDivisionError:
        logging.getLogger("x").exception("%s", HOSTILE)
    lines = written(stream)
    assert lines[:2] == ["line 1 path=/a", "      line 2"]
    assert lines[-1] == "    ZeroDivisionError: nothing"
    assert all(line.isprintable() for line in lines)


def test_colours_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for stream, wanted in ((Terminal(), True), (io.StringIO(), False)):
        configure("info", "brief", stream)
        logging.getLogger("x").error("m")
        AccessLog("brief", stream).write(**request())
        assert ("\x1b[" in stream.getvalue()) is wanted


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, "GET /hello 200 1.2 ms"),
        ({"status": 504, "outcome": Outcome.TIMEOUT}, "GET /hello 504 1.2 ms timeout"),
        ({"path": "/a\nb"}, "GET /a\\nb 200 1.2 ms"),
    ],
)
def test_one_line_for_a_request(changes: dict[str, object], wanted: str) -> None:
    stream = io.StringIO()
    AccessLog("brief", stream).write(**request(**changes))
    assert written(stream) == [wanted]
