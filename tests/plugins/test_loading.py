"""Which plugins are taken, and what is said of those that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nexus.errors import PluginError
from nexus.plugin_api.hooks import hookimpl
from nexus.plugins import Candidate, load_plugins, survey
from nexus.plugins.check import HOOKS

from .support import candidate, package, plugin, plugins


def refusal(made: object) -> str:
    """The line by which the start is refused because of this plugin."""
    with pytest.raises(PluginError) as caught:
        plugins(bad=made)
    (line,) = caught.value.problems
    begin, end = "plugin bad (dist 1.2): ", " (NEXUS_DISABLED_PLUGINS=bad turns it off)"
    assert line.startswith(begin)
    assert line.endswith(end)
    return line[len(begin) : -len(end)]


def unmarked(name: str) -> object:
    made = plugin()
    setattr(made, name, lambda: None)
    return made


@hookimpl
async def coroutine() -> None: ...


@hookimpl(wrapper=True)
def wrapper() -> Any:
    return (yield)


@hookimpl
def keyword_only(*, settings: object) -> None: ...


def holding(name: str, function: Callable[..., Any]) -> object:
    made = plugin()
    setattr(made, name, function)
    return made


class AsClass:
    @hookimpl
    def nexus_started(self, host: object) -> None: ...


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (
            plugin(nexus_metric_sinks=lambda settings: []),
            "nexus_metric_sinks is not a hook of Nexus; did you mean nexus_metrics_sinks?",
        ),
        (unmarked("nexus_started"), "nexus_started is not marked @hookimpl"),
        (
            unmarked("nexus_start"),
            "nexus_start is not a hook of Nexus; did you mean nexus_started?",
        ),
        (
            plugin(nexus_metrics_sinks=lambda config: []),
            "nexus_metrics_sinks takes 'config'; it may take: settings",
        ),
        (
            plugin(nexus_engines=lambda settings: {}),
            "nexus_engines takes 'settings'; it takes nothing",
        ),
        (
            holding("nexus_metrics_sinks", keyword_only),
            "nexus_metrics_sinks takes 'settings'; it may take: settings",
        ),
        (
            holding("nexus_started", coroutine),
            "nexus_started is a coroutine; hooks are plain functions",
        ),
        (
            holding("nexus_engines", wrapper),
            "nexus_engines is a wrapper; Nexus's hooks build things, there is nothing to wrap",
        ),
        (AsClass, "its entry point names the class AsClass; name an object of it"),
        (
            plugin(),
            "has no hooks: none of its functions is marked @hookimpl and called nexus_*",
        ),
        (
            plugin(nexus_zzzzzzzz=lambda: 0, nexus_started=lambda a: 0),
            "nexus_started takes 'a'; it may take: host; "
            "nexus_zzzzzzzz is not a hook of Nexus; allowed: " + ", ".join(HOOKS),
        ),
    ],
)
def test_a_wrong_plugin_stops_the_start(made: object, reason: str) -> None:
    assert refusal(made) == reason


def test_a_plugin_that_cannot_be_imported_stops_the_start(tmp_path: Path) -> None:
    source = tmp_path / "broken.py"

    def load() -> object:
        source.write_text("import nothing_of_that_name\n")
        exec(compile(source.read_text(), source, "exec"), {})
        return None

    with pytest.raises(PluginError) as caught:
        load_plugins({}, outside=[Candidate("bad", "dist", "1.2", load)])
    assert caught.value.problems == [
        "plugin bad (dist 1.2): cannot be imported: ModuleNotFoundError: No module named "
        f"'nothing_of_that_name' ({source}, line 1) (NEXUS_DISABLED_PLUGINS=bad turns it off)"
    ]


def test_a_plugin_that_exits_when_imported_stops_only_the_start() -> None:
    def load() -> object:
        raise SystemExit(7)

    with pytest.raises(PluginError, match="cannot be imported: SystemExit: 7"):
        load_plugins({}, outside=[Candidate("bad", "dist", "1.2", load)])


def test_a_plugin_whose_members_fail_stops_only_the_start() -> None:
    class Bad:
        @property
        def nexus_engines(self) -> None:
            raise GeneratorExit("bye")

    assert refusal(Bad()).startswith("its members cannot be read: GeneratorExit: bye (")


def test_all_wrong_plugins_are_named_at_once() -> None:
    with pytest.raises(PluginError) as caught:
        plugins(a=plugin(), b=plugin(), good=plugin(nexus_engines=lambda: None))
    assert [line.split(":")[0] for line in caught.value.problems] == [
        "plugin a (dist 1.2)",
        "plugin b (dist 1.2)",
    ]


def test_two_plugins_of_one_name_stop_the_start() -> None:
    outside = [
        candidate(name, plugin(nexus_engines=lambda: None), distribution)
        for name, distribution in (("x", "one"), ("x", "two"), ("wasmer", "dist"))
    ]
    with pytest.raises(PluginError) as caught:
        load_plugins({}, outside=outside)
    first, second = caught.value.problems
    assert first.startswith("plugin x (two 1.2): plugin x (one 1.2) has the same name")
    assert second.startswith("plugin wasmer (dist 1.2): plugin wasmer (nexus-runtime ")


def test_one_object_under_two_names_stops_the_start() -> None:
    made = plugin(nexus_engines=lambda: None)
    with pytest.raises(PluginError, match=r"plugin b \(dist 1.2\): it is plugin a again"):
        plugins(a=made, b=made)


@pytest.mark.parametrize("text", ["bad", " bad, other ", "other bad"])
def test_what_is_turned_off_is_not_even_imported(text: str) -> None:
    def load() -> object:
        raise AssertionError("imported")

    found = survey(
        {"NEXUS_DISABLED_PLUGINS": text}, outside=[Candidate("bad", "dist", "1.2", load)]
    )
    assert [(entry.state, entry.hooks) for entry in found[-1:]] == [("off", ())]


def test_built_ins_can_be_turned_off_too() -> None:
    assert plugins(environ={"NEXUS_DISABLED_PLUGINS": "wasmer"}).engines().keys() == {"wasmtime"}


def test_turning_off_what_is_not_there_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    plugins(environ={"NEXUS_DISABLED_PLUGINS": "promtheus"})
    assert caplog.messages == [
        "NEXUS_DISABLED_PLUGINS names promtheus, but there is no such plugin; "
        "did you mean prometheus?"
    ]


def test_a_hook_of_a_later_nexus_may_be_marked_optional() -> None:
    made = plugin(nexus_engines=lambda: None)
    made.nexus_of_tomorrow = hookimpl(optionalhook=True)(lambda thing: None)
    plugins(new=made)


def test_a_function_may_have_any_name_where_the_marker_says_the_hook() -> None:
    made = plugin()
    made.build = hookimpl(specname="nexus_engines")(lambda: {"x": print})
    assert plugins(named=made).engines()["x"] is print


def test_installed_plugins_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(
        tmp_path,
        "found",
        "import nexus.plugin_api.hooks as h\n@h.hookimpl\ndef nexus_engines(): ...",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (found,) = [entry for entry in survey({}) if entry.candidate.name == "found"]
    assert str(found.candidate) == "plugin found (found-dist 3.1)"
    assert (found.state, found.hooks) == ("on", ("nexus_engines",))


def test_tryfirst_and_names_decide_the_order() -> None:
    def named(name: str) -> Any:
        return lambda: {name: print}

    late = plugin(nexus_engines=named("late"))
    first = plugin()
    first.nexus_engines = hookimpl(tryfirst=True)(named("first"))
    order = [*plugins(a=late, b=plugin(nexus_engines=named("later")), c=first).engines()]
    assert order == ["first", "wasmer", "wasmtime", "late", "later"]
