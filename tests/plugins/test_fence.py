"""An engine of a plugin that fails, at any point: the error names the plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from nexus.errors import InternalError, PluginError
from nexus.plugins.fence import Fence
from tests.http.conftest import make_service

from .serving import HELLO, serving
from .support import package, plugin, plugins

FAULTY = """
    from nexus.engines import BUILT_IN
    from nexus.plugin_api.hooks import hookimpl


    class Faulty:
        '''wasmtime, of which one *step* raises an error of *kind*.'''

        def __init__(self, real, step, kind):
            self._real, self._step, self._kind = real, step, kind

        def __getattr__(self, name):
            found = getattr(self._real, name)
            if name == self._step:
                return self._fail
            if name in ("load", "instantiate"):
                return lambda *given: Faulty(found(*given), self._step, self._kind)
            return found

        def _fail(self, *given):
            raise self._kind("it broke")


    def faulty(step, kind=ValueError):
        def make(compiler, cache_dir):
            made = Faulty(BUILT_IN["wasmtime"](compiler, cache_dir), step, kind)
            made.name = "faulty"
            return made

        return make


    @hookimpl
    def nexus_engines():
        return {"faulty": faulty(STEP)}
"""
SETTINGS = {"NEXUS_ENGINE": "faulty"}
Factory = Callable[..., Any]
Install = Callable[[str], Factory]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs an engine of which a step fails, for the compiler's child; returns a function that
    makes factories of such engines for this process."""

    def install(step: str) -> Factory:
        folder = tmp_path / "installed"
        folder.mkdir()
        package(folder, "broken", FAULTY.replace("STEP", repr(step)))
        monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
        namespace: dict[str, Any] = {}
        exec((folder / "broken_module.py").read_text(), namespace)
        made: Factory = namespace["faulty"]
        return made

    return install


def broken(factory: Factory) -> dict[str, object]:
    return {"broken": plugin(nexus_engines=lambda: {"faulty": factory})}


@pytest.mark.parametrize("kind", [ValueError, SystemExit])
@pytest.mark.parametrize("step", ["load", "instantiate", "call", "memory", "set_fuel", "fuel"])
def test_a_request_that_the_engine_fails_on(
    tmp_path: Path,
    installed: Install,
    caplog: pytest.LogCaptureFixture,
    step: str,
    kind: type[BaseException],
) -> None:
    faulty = installed("nothing")
    handlers = tmp_path / "handlers"
    handlers.mkdir()
    with serving(handlers, broken(faulty(step, kind)), SETTINGS) as client:
        answer = client.call("/hello")
        assert (answer.code, answer.problem()["detail"]) == (500, "internal error")
    expected = f"the engine of plugin broken failed in {step}: {kind.__name__}: it broke (<string>,"
    logged = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert any(line.startswith(expected) for line in logged), logged


@pytest.mark.parametrize("step", ["compile", "wat_to_wasm"])
def test_a_module_that_the_engine_cannot_compile(
    tmp_path: Path, installed: Install, step: str
) -> None:
    faulty = installed(step)
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "hello.wat").write_text(HELLO)
    made = plugins(CollectorRegistry(), {}, **broken(faulty("nothing")))
    service = make_service(folder, CollectorRegistry(), made, **SETTINGS)
    service.start_with(folder)
    try:
        problem = str(service.handlers.catalogue.problems["hello.wat"])
    finally:
        service.stop(grace_s=5.0)
    expected = f"the engine of plugin broken failed in {step}: ValueError: it broke ("
    assert problem.startswith(expected)


def raising(kind: type[BaseException]) -> Factory:
    def make(*given: Any) -> Any:
        raise kind("no luck")

    return make


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (raising(OSError), "'x' cannot be made: OSError: no luck"),
        (raising(SystemExit), "'x' cannot be made: SystemExit: no luck"),
        (lambda *given: object(), "'x': a object has no wat_to_wasm"),
    ],
)
def test_an_engine_that_cannot_be_made_stops_the_start(factory: Factory, said: str) -> None:
    made = plugins(broken=plugin(nexus_engines=lambda: {"x": factory}))
    with pytest.raises(PluginError) as caught:
        made.engine_factories()["x"]("auto", Path())
    assert caught.value.problems[0].startswith(f"plugin broken (dist 1.2): nexus_engines: {said}")
    assert caught.value.plugin == "broken"


def test_an_engine_by_another_name_stops_the_start(installed: Install) -> None:
    made = plugins(broken=plugin(nexus_engines=lambda: {"x": installed("nothing")("nothing")}))
    with pytest.raises(PluginError, match="the engine made as 'x' calls itself 'faulty'"):
        made.engine_factories()["x"]("auto", Path())


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (raising(SystemExit), "'x' cannot be made: SystemExit: no luck"),
        (list, "'x': a list has no push"),
    ],
)
def test_a_policy_that_cannot_be_made_stops_the_start(factory: Factory, said: str) -> None:
    made = plugins(broken=plugin(nexus_scheduling_policies=lambda: {"x": factory}))
    with pytest.raises(PluginError) as caught:
        made.policy_factories()["x"](())
    (line,) = caught.value.problems
    assert line.startswith(f"plugin broken (dist 1.2): nexus_scheduling_policies: {said}")


@pytest.mark.parametrize("kind", [MemoryError, InternalError])
def test_errors_of_ours_and_lack_of_memory_pass_through(kind: type[BaseException]) -> None:
    with pytest.raises(kind, match=r"^no luck$"):
        Fence("p")("compile", raising(kind))
