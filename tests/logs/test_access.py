"""The access log: one whole line for each request, whatever the client wrote."""

from __future__ import annotations

import io
import json
import threading

import pytest

from nexus.logs import AccessLog
from nexus.model import Outcome
from tests.logs.support import HOSTILE, Terminal, lines_of


def request(**changes: object) -> dict[str, object]:
    return {
        "method": "GET",
        "path": "/hello",
        "status": 200,
        "outcome": Outcome.OK,
        "handler": "hello",
        "duration_ms": 1.25,
        "request_bytes": 0,
        "response_bytes": 12,
        "execution_id": "ab12",
        "remote": "10.0.0.1",
        **changes,
    }


def test_access_line_as_json() -> None:
    stream = io.StringIO()
    AccessLog("json", stream).write(**request(duration_ms=1.23456, outcome=Outcome.TIMEOUT))
    (line,) = lines_of(stream)
    assert str(line.pop("ts")).endswith("Z")
    assert line == {
        "level": "info",
        "logger": "nexus.access",
        **request(duration_ms=1.235, outcome="timeout"),
    }


def test_access_line_for_people() -> None:
    stream = Terminal()
    AccessLog("auto", stream).write(**request(handler=""))
    assert stream.getvalue()[12:] == " 200 GET /hello ok 1.250 ms - 12 B 10.0.0.1\n"


@pytest.mark.parametrize("format", ["json", "pretty"])
@pytest.mark.parametrize("key", ["method", "path", "handler", "execution_id", "remote"])
def test_access_lines_cannot_be_forged(format, key) -> None:
    stream = io.StringIO()
    AccessLog(format, stream).write(**request(**{key: HOSTILE}))
    assert stream.getvalue()[:-1].isprintable()
    if format == "json":
        assert json.loads(stream.getvalue())[key] == HOSTILE


def test_access_lines_of_many_threads_stay_whole() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    log = AccessLog("json", stream)

    def write(number: int) -> None:
        for _ in range(200):
            log.write(**request(path=f"/{number}" * 50))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream.seek(0)
    paths = [json.loads(line)["path"] for line in stream]
    assert sorted(paths) == sorted(f"/{number}" * 50 for number in range(8) for _ in range(200))


def test_a_stream_that_fails_does_not_fail_the_request() -> None:
    stream = io.StringIO()
    log = AccessLog("json", stream)
    stream.close()
    log.write(**request())
    assert log.lost == 1
    full = open("/dev/full", "w")  # noqa: SIM115  (closing it fails as well)
    log = AccessLog("json", full)
    log.write(**request())
    assert log.lost == 1
    with pytest.raises(OSError, match="No space left"):
        full.close()
