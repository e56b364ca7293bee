"""What each hook's plugin adds to a running app; a hook without documentation or test fails."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint

from nexus.engines import BUILT_IN
from nexus.errors import ConfigError, PluginError, Unauthorized
from nexus.model import Compiled, Handler, HttpResponse, Outcome, Usage
from nexus.plugin_api import hooks as hookspecs
from nexus.plugin_api.abi import AbiBase
from nexus.plugin_api.engine import Engine
from nexus.plugin_api.extensions import ExtensionError
from nexus.plugin_api.guest import GuestBase
from nexus.plugins.check import HOOKS
from tests.support import ROOT

from .serving import HELLO, serving
from .support import package, plugin, plugins

ASKS = r"""(module
  (import "nexus" "ext_call" (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "nexus" "ext_result" (func $result (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "Content-Type: text/plain\n\n")
  (data (i32.const 64) "oracleask[2]")
  (func $put (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (drop (call $call (i32.const 64) (i32.const 6) (i32.const 70) (i32.const 3)
                      (i32.const 73) (i32.const 3)))
    (call $put (i32.const 32) (i32.const 26))
    (call $put (i32.const 200) (call $result (i32.const 200) (i32.const 100)))))"""

# ---- the contract about contracts


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_what_its_caller_and_its_plugin_may_rely_on(hook: str) -> None:
    spec = getattr(hookspecs, hook)
    text = inspect.getdoc(spec) or ""
    for word in ("Called: ", "Returns: ", "None", "Raises: "):
        assert word in text, f"{hook}: its docstring lacks {word!r}"


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_in_the_documentation(hook: str) -> None:
    text = (ROOT / "docs" / "plugins.md").read_text()
    arguments = ", ".join(HOOKS[hook])
    assert f"`{hook}({arguments})`" in text


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook: str) -> None:
    assert callable(globals().get(f"test_{hook}")), f"no test_{hook} in {__name__}"


# ---- one test a hook, and what belongs to it


def test_nexus_config_sources(tmp_path: Path) -> None:
    seen: list[object] = []

    def sources(directory: Path, environ: Mapping[str, str]) -> list[Any]:
        seen.extend((directory, environ["WHERE"]))
        methods = {"read": lambda: {"debug": True}, "watch": lambda changed: None}
        return [SimpleNamespace(name="there", **methods)]

    found = plugins(p=plugin(nexus_config_sources=sources)).config_sources(
        tmp_path, {"WHERE": "there"}
    )
    assert [source.name for source in found] == ["there"]
    assert seen == [tmp_path, "there"]


RUNTIMES = dict.fromkeys(
    (
        "javascript_runtime",
        "javascript_runtime_sha256",
        "python_runtime",
        "python_runtime_sha256",
        "python_library",
    ),
    "",
)


class Greetings(AbiBase):
    name = "greeting"

    def guest(self, compiled: Compiled) -> Any:
        return GuestBase()


class Noting:
    """A metrics sink that notes what it is told; `record` raises if it shall."""

    def __init__(self, raising: Exception | None = None) -> None:
        self.told: list[tuple[Any, ...]] = []
        self._raising = raising

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: Exception | None
    ) -> None:
        self.told.append(("record", handler.name, outcome.value, usage.duration_s > 0))
        if self._raising is not None:
            raise self._raising

    def refuse(self, handler: str | None, error: Exception) -> None:
        self.told.append(("refuse", handler, type(error).__name__))

    def cache_request(self, result: str) -> None:
        self.told.append(("cache_request", result))

    def compilation(self, tier: str, seconds: float) -> None:
        self.told.append(("compilation", tier, seconds > 0))

    def serving(self, handlers: Any) -> None:
        self.told.append(("serving", sorted(handler.name for handler in handlers)))

    def flush(self, now: object) -> None: ...

    def close(self) -> None:
        self.told.append(("close",))


def test_nexus_guests() -> None:
    """`test_guests.py` has one that serves, from a package of its own."""
    settings: Any = SimpleNamespace(**RUNTIMES)
    abi = Greetings()
    made = plugins(p=plugin(nexus_guests=lambda settings: [abi]))
    assert [found.name for found in made.guests(settings)] == ["greeting", "js", "python", "wasi"]
    assert made.bring_guests
    assert not plugins().bring_guests
    twice = plugins(p=plugin(nexus_guests=lambda settings: [abi, abi]))
    with pytest.raises(PluginError, match="'greeting' is there already, from plugin p"):
        twice.guests(settings)


def test_returned_objects_are_closed_the_last_first() -> None:
    closed: list[str] = []

    class Closes(Greetings):
        def __init__(self, name: str) -> None:
            self.name = name

        def close(self) -> None:
            closed.append(self.name)

    settings: Any = SimpleNamespace(**RUNTIMES)
    made = plugins(
        a=plugin(nexus_guests=lambda settings: [Closes("a1"), Closes("a2")]),
        b=plugin(nexus_guests=lambda settings: [Closes("b")]),
    )
    made.guests(settings)
    made.close(10.0, closed.append)
    assert closed == ["b", "a2", "a1"]


def test_nexus_metrics_sinks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    noting, failing = Noting(), Noting(OSError("no route"))
    made = {
        "a": plugin(nexus_metrics_sinks=lambda settings: [failing]),
        "b": plugin(nexus_metrics_sinks=lambda settings: [noting]),
    }
    with serving(tmp_path, made, {"NEXUS_CACHE_DIR": str(tmp_path / "cache")}) as client:
        for _ in range(2):
            assert client.call("/hello").code == 200
        assert client.call("/trap").code == 500
        assert client.call("/nothing").code == 404
        ours = client.count("handler_executions_total", handler="hello", status="ok")
        assert ours == 2
        assert client.count("plugin_errors_total", plugin="a") == 3
        assert [m for m in caplog.messages if "sink" in m] == [
            "plugin a: its metrics sink's record failed"
        ]
    loading = [("cache_request", "miss"), ("compilation", "cranelift", True)] * 2
    assert sorted(noting.told[:4]) == sorted(loading)  # two at a time
    assert noting.told[4:] == [
        ("serving", ["hello", "trap"]),
        *[("record", "hello", "ok", True)] * 2,
        ("record", "trap", "trap", True),
        ("refuse", None, "HandlerNotFound"),
        ("close",),
    ]


def test_idle_plugins_leave_the_path_as_it_is(tmp_path: Path) -> None:
    def idle() -> object:
        return plugin(
            nexus_metrics_sinks=lambda settings: None,
            nexus_request_filters=lambda settings: None,
            nexus_scheduling_policies=lambda: None,
            nexus_host_functions=lambda settings: None,
        )

    with serving(tmp_path, {f"p{number}": idle() for number in range(5)}) as client:
        service = client.service
        assert type(service.metrics).__name__ == "PathMetrics"
        assert service.filters == ()


def test_without_the_built_in_sink_the_others_are_told(tmp_path: Path) -> None:
    noting = Noting()
    made = {"p": plugin(nexus_metrics_sinks=lambda settings: [noting])}
    with serving(tmp_path, made, {"NEXUS_DISABLED_PLUGINS": "prometheus"}) as client:
        assert client.call("/hello").code == 200
        assert client.call("/metrics").code == 200
    assert ("record", "hello", "ok", True) in noting.told


def twin(compiler: str, cache_dir: Path) -> Engine:
    made = BUILT_IN["wasmtime"](compiler, cache_dir)
    made.name = "twin"
    return made


TWIN = """
    from nexus.engines import BUILT_IN
    from nexus.plugin_api.hooks import hookimpl

    def twin(compiler, cache_dir):
        made = BUILT_IN["wasmtime"](compiler, cache_dir)
        made.name = "twin"
        return made

    @hookimpl
    def nexus_engines():
        return {"twin": twin}
"""


def test_nexus_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the compiler's child has to find it: there it is a package that is installed."""
    installed = tmp_path / "installed"
    installed.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(package(installed, "other", TWIN))])
    handlers = tmp_path / "handlers"
    handlers.mkdir()
    made = {"twin": plugin(nexus_engines=lambda: {"twin": twin})}
    with serving(handlers, made, {"NEXUS_ENGINE": "twin"}) as client:
        assert client.service.engine.name == "twin"
        assert client.call("/hello").body == b"hello"


def test_an_engine_nobody_has_is_named(tmp_path: Path) -> None:
    made = {"twin": plugin(nexus_engines=lambda: {"twin": twin})}
    allowed = "allowed: auto, twin, wasmer, wasmtime"
    with (
        pytest.raises(ConfigError, match=f"engine: found 'twins', {allowed}"),
        serving(tmp_path, made, {"NEXUS_ENGINE": "twins"}),
    ):
        raise AssertionError("it started")


def test_nexus_host_functions(tmp_path: Path) -> None:
    class Oracle:
        def call(self, method: str, arguments: Any) -> Any:
            if method != "ask":
                raise ExtensionError(f"no {method}")
            return arguments[0] * 21

    (tmp_path / "asks.wat").write_text(ASKS)
    (tmp_path / "asks.toml").write_text('capabilities = ["ext:oracle"]')
    made = {"p": plugin(nexus_host_functions=lambda settings: {"oracle": Oracle()})}
    with serving(tmp_path, made) as client:
        assert client.call("/asks").body == b"42"


def pages(settings: object, host: Any) -> list[Blueprint]:
    made = Blueprint("pages", __name__)
    made.add_url_rule("/v1/about", view_func=lambda: host.engine, endpoint="about")
    made.add_url_rule("/v1/fails", view_func=lambda: 1 // 0, endpoint="fails")
    made.add_url_rule("/hello", view_func=lambda: "never", endpoint="hello")
    return [made]


def test_nexus_blueprints(tmp_path: Path) -> None:
    with serving(tmp_path, {"p": plugin(nexus_blueprints=pages)}) as client:
        assert client.call("/v1/about").body == b"wasmtime"
        assert client.call("/hello").body == b"hello", "a handler's route wins"
        assert client.call("/v1/fails").problem()["code"] == "INTERNAL_ERROR"


def test_two_blueprints_of_one_name_stop_the_start(tmp_path: Path) -> None:
    made = {"a": plugin(nexus_blueprints=pages), "b": plugin(nexus_blueprints=pages)}
    with (
        pytest.raises(PluginError, match=r"^plugin b \(dist 1.2\): nexus_blueprints: .*'pages'"),
        serving(tmp_path, made),
    ):
        raise AssertionError("it started")


def test_nexus_started(tmp_path: Path) -> None:
    seen: list[Any] = []
    hooks = plugin(nexus_started=lambda host: seen.append(host.unready()))
    with serving(tmp_path, {"p": hooks}):
        assert seen == [None]


def test_nexus_stopping(tmp_path: Path) -> None:
    seen: list[Any] = []
    hooks = plugin(nexus_stopping=lambda host: seen.append(host.unready()))
    with serving(tmp_path, {"p": hooks}) as client:
        client.call("/hello")
        assert seen == []
    assert seen == ["draining"]


def test_a_start_hook_that_fails_is_counted_and_the_service_serves(tmp_path: Path) -> None:
    with serving(tmp_path, {"p": plugin(nexus_started=lambda host: 1 // 0)}) as client:
        assert client.call("/hello").code == 200
        assert client.count("plugin_errors_total", plugin="p") == 1


ERRORS: dict[str, type[BaseException]] = {"": ZeroDivisionError, "exit": SystemExit}


class Filter:
    """Notes its calls; lets pass who says who they are, and tells the guest."""

    def __init__(self, name: str, calls: list[tuple[Any, ...]]) -> None:
        self._name, self._calls = name, calls

    def begin(self, handler: Handler, environ: dict[str, Any]) -> None:
        self._calls.append((self._name, "begin", handler.name))
        if environ.get("HTTP_AUTHORIZATION") == f"not {self._name}":
            raise Unauthorized("who are you?", 'Bearer realm="x"')
        if environ.get("HTTP_AUTHORIZATION") == f"break {self._name}":
            raise ERRORS[environ.get("HTTP_X_ERROR", "")]
        environ["HTTP_X_WHO"] = self._name

    def end(
        self,
        handler: Handler,
        environ: dict[str, Any],
        response: HttpResponse,
        outcome: Outcome,
        usage: Usage | None,
    ) -> None:
        ran = None if usage is None else usage.duration_s > 0
        self._calls.append((self._name, "end", response.status, outcome.value, ran))
        if environ.get("HTTP_AUTHORIZATION") == f"break the end of {self._name}":
            raise ERRORS[environ.get("HTTP_X_ERROR", "")]
        response.headers.append((f"X-Seen-By-{self._name}", "yes"))


def filtering(calls: list[tuple[Any, ...]]) -> dict[str, object]:
    def plugin_of(name: str) -> object:
        return plugin(nexus_request_filters=lambda settings: [Filter(name, calls)])

    return {"a": plugin_of("a"), "b": plugin_of("b")}


def test_nexus_request_filters(tmp_path: Path) -> None:
    calls: list[tuple[Any, ...]] = []
    with serving(tmp_path, filtering(calls)) as client:
        answer = client.call("/hello")
        assert (answer.code, answer.header("X-Seen-By-a")) == (200, "yes")
        assert calls == [
            ("a", "begin", "hello"),
            ("b", "begin", "hello"),
            ("b", "end", 200, "ok", True),
            ("a", "end", 200, "ok", True),
        ]
        calls.clear()
        assert client.call("/trap").code == 500
        assert calls[2:] == [("b", "end", 500, "trap", True), ("a", "end", 500, "trap", True)]

        calls.clear()
        assert client.call("/healthz").code == client.call("/nothing").code - 204 == 200
        assert calls == [], "handlers' requests alone are filtered"


def test_a_filter_observes_runs_that_may_call_others(tmp_path: Path) -> None:
    seen: list[str] = []

    class Observing(Filter):
        def observer(self, handler: Handler, environ: dict[str, Any]) -> None:
            seen.append(f"{handler.name} for {environ['HTTP_X_WHO']}")

    filters = [Observing("a", [])]
    for name in ("calls", "hello", "stores"):
        (tmp_path / f"{name}.wat").write_text(HELLO)
    (tmp_path / "calls.toml").write_text('http = ["api.test"]')
    (tmp_path / "stores.toml").write_text('kv = ["orders:rw"]')
    made = {"a": plugin(nexus_request_filters=lambda settings: filters)}
    with serving(tmp_path, made) as client:
        assert [client.call(f"/{name}").code for name in ("calls", "hello", "stores")] == [200] * 3
    assert seen == ["calls for a", "stores for a"]


def test_a_filter_refuses(tmp_path: Path) -> None:
    calls: list[tuple[Any, ...]] = []
    with serving(tmp_path, filtering(calls)) as client:
        answer = client.call("/hello", HTTP_AUTHORIZATION="not b")
        assert (answer.code, answer.problem()["code"]) == (401, "UNAUTHORIZED")
        assert answer.header("WWW-Authenticate") == 'Bearer realm="x"'
        assert calls == [
            ("a", "begin", "hello"),
            ("b", "begin", "hello"),
            ("a", "end", 401, "rejected", None),
        ]
        assert client.count("handler_executions_total", handler="hello", status="rejected") == 1
        assert client.count("plugin_errors_total", plugin="b") == 0


@pytest.mark.parametrize("error", ERRORS)
def test_a_request_that_a_filter_fails_on_reaches_no_handler(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    with serving(tmp_path, filtering([])) as client:
        answer = client.call("/hello", HTTP_AUTHORIZATION="break b", HTTP_X_ERROR=error)
        assert (answer.code, answer.problem()["detail"]) == (500, "internal error")
        assert "plugin b: its request filter's begin failed" in caplog.messages
        assert client.count("plugin_errors_total", plugin="b") == 1
        assert client.count("handler_executions_total", handler="hello", status="ok") == 0


@pytest.mark.parametrize("error", ERRORS)
def test_a_filter_that_fails_in_the_end_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    with serving(tmp_path, filtering([])) as client:
        headers = {"HTTP_AUTHORIZATION": "break the end of b", "HTTP_X_ERROR": error}
        answer = client.call("/hello", "GET", None, **headers)
        assert (answer.code, answer.body) == (200, b"hello")
        assert answer.header("X-Seen-By-a") == "yes"
        assert "plugin b: its request filter's end failed" in caplog.messages
        assert client.count("plugin_errors_total", plugin="b") == 1


def test_nexus_scheduling_policies() -> None:
    made = plugins(p=plugin(nexus_scheduling_policies=lambda: {"newest": list}))
    assert made.scheduling_policies()["newest"] is list
    assert "fifo" in made.scheduling_policies()


def test_nexus_stores() -> None:
    made = plugins(p=plugin(nexus_stores=lambda: {"memory": list, "broken": lambda settings: []}))
    assert made.stores()["memory"] is list
    assert "sqlite" in made.stores()
    settings: Any = SimpleNamespace(state_dir=Path())
    assert made.store_factories()["sqlite"](settings).is_remote is False
    with pytest.raises(PluginError, match=r"'broken'.*no get"):
        made.store_factories()["broken"](settings)
