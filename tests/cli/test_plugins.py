"""`nexus plugins`, and starts that plugins stop: one line each, exit code 2, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.support import package, python_path

from .conftest import Nexus

GOOD = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_engines():
        return None

    @hookimpl
    def nexus_metrics_sinks(settings):
        return None
"""
UNKNOWN = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_metric_sinks(settings):
        return []
"""
WRONG_OPTION = """
    from nexus.errors import ConfigError
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_metrics_sinks(settings):
        port = settings.plugins["picky"]["port"]
        raise ConfigError([f"plugins.picky.port: found {port!r}, allowed: 1 to 65535"])
"""
RAISES = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_request_filters(settings):
        return open("/nowhere/at/all")
"""
NO_ENGINE = """
    from nexus.errors import EngineUnavailable
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_host_functions(settings):
        raise EngineUnavailable("no engine today")
"""
NO_FILTER = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_request_filters(settings):
        return [object()]
"""
EXITS = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_metrics_sinks(settings):
        raise SystemExit("bye")
"""
NO_ENGINE_MADE = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_engines():
        return {"mine": lambda compiler, cache_dir: 1 // 0}
"""
NO_POLICY_MADE = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_scheduling_policies():
        return {"mine": lambda options: 1 // 0}
"""
TAKEN_PAGES = """
    from flask import Blueprint
    from nexus.plugin_api.hooks import hookimpl

    def register(state):
        raise SystemExit("bye")

    @hookimpl
    def nexus_blueprints(settings, host):
        made = Blueprint("pages", __name__)
        made.record(register)
        return [made]
"""
SOURCE = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_config_sources(directory, environ):
        raise RuntimeError("no source")
"""
ONCE = """
    from nexus.plugin_api.hooks import hookimpl
    calls = []

    @hookimpl
    def nexus_config_sources(directory, environ):
        calls.append(directory)
        if len(calls) > 1:
            raise RuntimeError("gone")
"""
GUESTS = """
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_guests(settings):
        return [5]
"""
CLOSES = """
    import pathlib
    from nexus.plugin_api.hooks import hookimpl

    class Oracle:
        def call(self, method, arguments): return None
        def close(self): pathlib.Path("closed").write_text("yes")

    @hookimpl
    def nexus_host_functions(settings):
        return {"oracle": Oracle()}

    @hookimpl
    def nexus_started(host):
        pathlib.Path("started").write_text("yes")
"""
SEEN = "plugin bad (bad-dist 3.1): nexus_metric_sinks is not a hook of Nexus; did you mean"


@pytest.fixture
def bad(tmp_path: Path) -> str:
    """PYTHONPATH with a good plugin and one that has an unknown hook."""
    return python_path(package(package(tmp_path, "good", GOOD), "bad", UNKNOWN))


def test_the_list_has_them_all_and_says_which_cannot_be_used(nexus: Nexus, bad: str) -> None:
    ended = nexus("plugins", "--json", PYTHONPATH=bad)
    assert ended.code == 2
    rows = {row["name"]: row for row in json.loads(ended.out)}
    assert [*rows][:4] == ["prometheus", "wasmer", "wasmtime", "scheduling"]
    assert rows["prometheus"]["distribution"] == "nexus-runtime"
    assert rows["good"] == {
        "name": "good",
        "version": "3.1",
        "distribution": "good-dist",
        "state": "on",
        "hooks": ["nexus_engines", "nexus_metrics_sinks"],
        "problem": None,
    }
    assert (rows["bad"]["state"], rows["bad"]["hooks"]) == ("broken", [])
    assert rows["bad"]["problem"].startswith("nexus_metric_sinks is not a hook of Nexus; did you")


def test_the_list_for_people(nexus: Nexus, bad: str) -> None:
    ended = nexus("plugins", PYTHONPATH=bad, NEXUS_DISABLED_PLUGINS="bad")
    assert ended.code == 0
    lines = [line.split() for line in ended.out.decode().splitlines()]
    assert lines[0] == ["name", "version", "distribution", "state", "hooks"]
    assert ["bad", "3.1", "bad-dist", "off"] in lines
    assert ["good", "3.1", "good-dist", "on", "nexus_engines,", "nexus_metrics_sinks"] in lines


@pytest.mark.parametrize(
    ("source", "environ", "problem"),
    [
        (WRONG_OPTION, {}, "plugins.picky.port: found '0', allowed: 1 to 65535"),
        (RAISES, {}, "nexus_request_filters failed: FileNotFoundError: [Errno 2] No such file"),
        (NO_FILTER, {}, "nexus_request_filters: a object has no begin and no end"),
        (EXITS, {}, "nexus_metrics_sinks failed: SystemExit: bye ("),
        (NO_ENGINE, {}, "no engine today"),
        (
            NO_ENGINE_MADE,
            {"NEXUS_ENGINE": "mine"},
            "nexus_engines: 'mine' cannot be made: ZeroDivisionError",
        ),
        (
            NO_POLICY_MADE,
            {"NEXUS_SCHEDULING_POLICY": "mine"},
            "nexus_scheduling_policies: 'mine' cannot be made: ZeroDivisionError",
        ),
        (TAKEN_PAGES, {}, "nexus_blueprints: it cannot be registered: SystemExit: bye ("),
        (SOURCE, {}, "nexus_config_sources failed: RuntimeError: no source ("),
        (GUESTS, {}, "nexus_guests: a int has no suffixes and no files"),
    ],
)
def test_what_hooks_return_is_built_as_the_start_does(
    nexus: Nexus, tmp_path: Path, source: str, environ: dict[str, str], problem: str
) -> None:
    path = python_path(package(tmp_path, "picky", source))
    ended = nexus("plugins", "--json", PYTHONPATH=path, NEXUS_PLUGINS__PICKY__PORT="0", **environ)
    rows = {row["name"]: row for row in json.loads(ended.out)}
    assert rows["picky"]["problem"].startswith(problem)
    assert [name for name, row in rows.items() if row["state"] == "broken"] == ["picky"]
    assert (ended.code, ended.err) == (2, "")


def test_plugins_that_are_wrong_in_several_hooks_are_all_named(
    nexus: Nexus, tmp_path: Path
) -> None:
    folder = tmp_path
    for name, source in (("a", UNKNOWN), ("b", EXITS), ("c", TAKEN_PAGES), ("d", GUESTS)):
        package(folder, name, source)
    ended = nexus("plugins", PYTHONPATH=python_path(folder))
    broken = [line.split()[0] for line in ended.out.decode().splitlines() if "broken" in line]
    assert (ended.code, broken) == (2, ["a", "b", "c", "d"])


@pytest.mark.parametrize(
    ("environ", "code", "said"),
    [
        ({"NEXUS_WORKERS": "x"}, 2, "environment variable NEXUS_WORKERS: workers: found 'x'"),
        ({"NEXUS_ENGINE": "mine"}, 2, "environment variable NEXUS_ENGINE: engine: found 'mine'"),
        ({"NEXUS_ADMIN_TOKEN_FILE": "/nowhere"}, 2, "NEXUS_ADMIN_TOKEN_FILE"),
    ],
)
def test_what_else_would_stop_the_start_is_said_after_the_list(
    nexus: Nexus, environ: dict[str, str], code: int, said: str
) -> None:
    ended = nexus("plugins", **environ)
    assert (ended.code, ended.err.count("\n")) == (code, 1)
    assert said in ended.err
    assert ended.out.startswith(b"name ")


def test_what_was_built_is_closed_and_never_started(nexus: Nexus, tmp_path: Path) -> None:
    path = python_path(package(tmp_path, "closes", CLOSES))
    assert nexus("plugins", PYTHONPATH=path).code == 0
    assert (nexus.folder / "closed").exists()
    assert not (nexus.folder / "started").exists()


@pytest.mark.parametrize("command", ["plugins", "config"])
def test_turning_off_what_is_not_there_is_said_once(nexus: Nexus, command: str) -> None:
    ended = nexus(command, NEXUS_DISABLED_PLUGINS="promtheus")
    assert ended.code == 0
    assert ended.err == (
        "warning: NEXUS_DISABLED_PLUGINS names promtheus, but there is no such plugin; "
        "did you mean prometheus?\n"
    )


@pytest.mark.parametrize("command", [("serve", "--handlers=."), ("run", "hello.wat")])
def test_a_wrong_plugin_stops_every_start(nexus: Nexus, bad: str, command: tuple[str]) -> None:
    ended = nexus(*command, PYTHONPATH=bad)
    assert (ended.code, ended.out) == (2, b"")
    assert ended.err.startswith(f"error: {SEEN}")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("environ", "said"),
    [({}, SEEN), ({"NEXUS_DISABLED_PLUGINS": "bad", "NEXUS_WORKERS": "x"}, "workers: found 'x'")],
)
def test_so_does_gunicorn_by_itself(
    nexus: Nexus, bad: str, environ: dict[str, str], said: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "python:nexus.server.start.settings"],
        env={**nexus.environ, "PYTHONPATH": bad, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_it_can_be_turned_off(nexus: Nexus, bad: str) -> None:
    ended = nexus("run", "hello.wat", PYTHONPATH=bad, NEXUS_DISABLED_PLUGINS="bad")
    assert ended.code == 0
    assert "bad" not in ended.err


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        (WRONG_OPTION, 2, "plugins.picky.port: found '0', allowed: 1 to 65535"),
        (RAISES, 2, "plugin picky (picky-dist 3.1): nexus_request_filters failed: FileNotFoundErr"),
        (NO_ENGINE, 1, "no engine today"),
        (ONCE, 2, "plugin picky (picky-dist 3.1): nexus_config_sources failed: RuntimeError: gone"),
    ],
)
def test_what_a_worker_finds_wrong_ends_the_server(
    nexus: Nexus, tmp_path: Path, source: str, code: int, said: str
) -> None:
    ended = nexus.installed(
        *("serve", "--handlers=.", "--bind=127.0.0.1:0", "--workers=2"),
        PYTHONPATH=python_path(package(tmp_path, "picky", source)),
        NEXUS_PLUGINS__PICKY__PORT="0",
    )
    assert ended.code == code
    assert said in ended.out.decode() + ended.err


@pytest.mark.parametrize("name", ["", "Bad", "a_b", "-a", "a--b", "a.b", "../a", "x" * 41])
def test_names_that_a_new_plugin_cannot_have(nexus: Nexus, tmp_path: Path, name: str) -> None:
    ended = nexus("new-plugin", "--directory", tmp_path, "--", name)
    assert ended.code == 2
    assert "it takes words of lower case letters and digits" in ended.err
    assert not list(tmp_path.iterdir())


def test_a_new_plugin_never_overwrites(nexus: Nexus, tmp_path: Path) -> None:
    assert nexus.installed("new-plugin", "nexus-mine", "--directory", tmp_path).code == 0
    ended = nexus("new-plugin", "mine", "--directory", tmp_path)
    assert ended.code == 2
    assert "nexus-mine exists already" in ended.err
