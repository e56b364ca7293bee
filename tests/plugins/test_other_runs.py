"""Request filters see runs that no HTTP request begins."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from nexus.errors import NexusError
from nexus.model import Context, Handler, Outcome, Resumption, Scheduled, Task, Usage, Waiting
from nexus.plugin_api.filters import KeyValueCall, OtherRun
from nexus.schedules.call import request_for

from .serving import HELLO, serving
from .support import plugin
from .test_hooks import Filter


class Seeing(Filter):
    """A filter that is the observer of runs as well."""

    def __init__(self, fails: str = "") -> None:
        super().__init__("a", [])
        self.seen: list[Any] = []
        self._fails = fails

    def begin_run(self, handler: Handler, run: OtherRun) -> Seen | None:
        self.seen.append((handler.name, run.kind, run.cron, bool(run.execution_id)))
        assert self._fails != "begin_run"
        return None if self._fails == "none" else Seen(self)


class Seen:
    """Observes one run."""

    def __init__(self, by: Seeing) -> None:
        self._by = by

    def outbound(self, method: str, url: str, headers: Mapping[str, str]) -> Any:
        raise AssertionError("no handler here sends requests")

    def key_value(self, call: KeyValueCall) -> None:
        self._by.seen.append((call.operation, call.outcome))

    def end(self, outcome: Outcome, usage: Usage) -> None:
        self._by.seen.append((outcome.value, usage.duration_s > 0))
        assert self._by._fails != "end"


def plugins_of(seeing: Seeing) -> dict[str, object]:
    return {"a": plugin(nexus_request_filters=lambda settings: [seeing])}


def test_each_kind_of_run_is_seen(tmp_path: Path) -> None:
    seeing = Seeing()
    with serving(tmp_path, plugins_of(seeing)) as client:
        handler = client.service.handlers.catalogue.handlers["hello"]

        def run(task: Task[Any]) -> None:
            dispatcher = client.service.dispatcher
            with suppress(NexusError):
                dispatcher.run(handler, task, dispatcher.new_run(handler, time.monotonic()))

        run(request_for(handler, Scheduled("* * * * *", 0)))
        run(Context(b"{}"))
        run(Resumption(Waiting(None, 0), None, lambda: None))
        assert client.call("/hello").code == 200
    assert [one for one in seeing.seen if len(one) == 4] == [
        ("hello", "schedule", "* * * * *", True),
        ("hello", "execute", "", True),
        ("hello", "resume", "", True),
    ]
    ends = [one for one in seeing.seen if len(one) == 2]
    assert ends[0] == ("ok", True)
    assert [outcome == "ok" for outcome, _ in ends] == [True, False, False]


def test_the_calls_of_such_a_run_are_seen(tmp_path: Path) -> None:
    seeing = Seeing()
    (tmp_path / "hello.wat").write_text(HELLO)
    (tmp_path / "hello.toml").write_text('kv = ["orders:rw"]')
    with serving(tmp_path, plugins_of(seeing)) as client:
        handler = client.service.handlers.catalogue.handlers["hello"]
        dispatcher = client.service.dispatcher
        run = dispatcher.new_run(handler, time.monotonic())
        dispatcher.run(handler, request_for(handler, Scheduled("* * * * *", 0)), run)
        assert run.key_value is not None
        run.key_value.get("orders", "key")
    assert seeing.seen[-1] == ("get", "ok")


@pytest.mark.parametrize(("fails", "errors"), [("begin_run", 1), ("end", 1), ("none", 0)])
def test_the_run_goes_on_whatever_the_filter_does(tmp_path: Path, fails: str, errors: int) -> None:
    seeing = Seeing(fails)
    with serving(tmp_path, plugins_of(seeing)) as client:
        handler = client.service.handlers.catalogue.handlers["hello"]
        dispatcher = client.service.dispatcher
        run = dispatcher.new_run(handler, time.monotonic())
        answer = dispatcher.run(handler, request_for(handler, Scheduled("* * * * *", 0)), run)
        assert (answer.status, answer.body) == (200, b"hello")
        assert client.count("plugin_errors_total", plugin="a") == errors
