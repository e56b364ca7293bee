"""The log over the API."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from nexus.http import streams
from tests.http.api.conftest import TOKEN, Api
from tests.http.api.test_api import refused

log = logging.getLogger("nexus.test")


def logs(api: Api, query: str = "") -> Any:
    answer = api.call("GET", "/v1/logs", QUERY_STRING=query)
    assert answer.code == 200, answer.body
    return json.loads(answer.body)


def test_records_come_with_a_cursor_to_read_on(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        log.info("one", extra={"fields": {"handler": "add"}})
    found = logs(api, "handler=add&level=info")
    assert [entry["message"] for entry in found["records"]][-1] == "one"
    assert logs(api, f"after={found['cursor']}")["records"] == []


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("after=x", "after: found 'x'"),
        ("level=loud", "level: found 'loud'"),
        ("handler=", "handler: found ''"),
        ("since=1", "no such key"),
    ],
)
def test_a_wrong_query(api: Api, query: str, detail: str) -> None:
    refused(api.call("GET", "/v1/logs", QUERY_STRING=query), 400, "INVALID_ARGUMENT", detail)


class Stream:
    """A client that reads events, and closes the stream in the end."""

    def __init__(self, api: Api, **environ: str) -> None:
        client = api.client.app.test_client()
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/event-stream", **environ}
        self.response = client.get("/v1/logs", headers=headers)
        self._lines: Iterator[str] = (
            line.decode() for chunk in self.response.response for line in chunk.splitlines()
        )

    def next(self) -> Any:
        """The data of the next event, and its id."""
        mark = ""
        for line in self._lines:
            if line.startswith("id: "):
                mark = line[4:]
            if line.startswith("data: "):
                return json.loads(line[6:]), mark
        raise AssertionError("the stream has ended")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "POLL_S", 0.01)


@pytest.mark.usefixtures("quick")
def test_events_come_and_go_on_by_their_id(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    cursor = logs(api)["cursor"]
    stream = Stream(api, **{"Last-Event-ID": cursor})
    assert stream.response.mimetype == "text/event-stream"
    assert stream.response.headers["Cache-Control"] == "no-store"
    with caplog.at_level("INFO"):
        log.info("two")
    found, mark = stream.next()
    assert found["message"] == "two"
    stream.response.close()
    assert logs(api, f"after={mark}")["records"] == []


@pytest.mark.usefixtures("quick")
def test_few_streams_at_once(api: Api) -> None:
    open_ones = [Stream(api) for _ in range(streams.MOST)]
    late = api.call("GET", "/v1/logs", HTTP_ACCEPT="text/event-stream")
    refused(late, 503, "OVERLOADED", "streams of this worker")
    open_ones.pop().response.close()
    again = Stream(api)
    assert again.response.status_code == 200
    for stream in (*open_ones, again):
        stream.response.close()


@pytest.mark.usefixtures("quick")
def test_a_stream_ends_by_itself(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LASTS_S", 0.0)
    stream = Stream(api)
    assert b"".join(stream.response.response).startswith(b"retry: 1000\n\n")
    stream.response.close()
