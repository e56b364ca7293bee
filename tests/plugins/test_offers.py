"""What hooks may return, and in which words the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from nexus.config import Settings
from nexus.errors import ConfigError, PluginError

from .support import plugin, plugins

SETTINGS = Settings(cache_dir="/nowhere")


def nothing(*_: Any) -> None: ...


def no_engine() -> dict[str, Any]:
    return {}


def sink(**methods: Any) -> SimpleNamespace:
    names = ("record", "refuse", "cache_request", "compilation", "serving", "flush", "close")
    return SimpleNamespace(**{**dict.fromkeys(names, nothing), **methods})


@pytest.mark.parametrize(
    ("hook", "answer", "reason"),
    [
        ("nexus_metrics_sinks", 5, "it returned a int, not a list"),
        ("nexus_metrics_sinks", sink(), "it returned a SimpleNamespace, not a list"),
        ("nexus_metrics_sinks", "sink", "it returned a str, not a list"),
        ("nexus_metrics_sinks", (x for x in ()), "it returned a generator, not a list"),
        (
            "nexus_metrics_sinks",
            [SimpleNamespace(record=1, refuse=1, cache_request=1, compilation=1, serving=1)],
            "a SimpleNamespace has no flush and no close",
        ),
        ("nexus_request_filters", [object()], "a object has no begin and no end"),
        ("nexus_host_functions", {"x": object()}, "a object has no call"),
        ("nexus_host_functions", [], "it returned a list, not a dict by name"),
        (
            "nexus_host_functions",
            {"X y": SimpleNamespace(call=nothing)},
            "'X y' is no name: it takes a lower case letter, then letters, digits, - and _",
        ),
    ],
)
def test_a_wrong_answer_stops_the_start(hook: str, answer: object, reason: str) -> None:
    made = plugins(bad=plugin(**{hook: lambda settings: answer}))
    ask: Callable[..., object] = getattr(made, hook.removeprefix("nexus_"))
    with pytest.raises(PluginError) as caught:
        ask(SETTINGS)
    assert caught.value.problems == [
        f"plugin bad (dist 1.2): {hook}: {reason} (NEXUS_DISABLED_PLUGINS=bad turns it off)"
    ]


@pytest.mark.parametrize("hook", ["nexus_engines", "nexus_scheduling_policies"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"x": 5}, "x is a int, which cannot be called"),
        ({5: print}, "5 is no name"),
        ([print], "it returned a list, not a dict by name"),
    ],
)
def test_factories_are_checked(hook: str, answer: object, reason: str) -> None:
    made = plugins(bad=plugin(**{hook: lambda: answer}))
    with pytest.raises(PluginError, match=reason):
        getattr(made, hook.removeprefix("nexus_"))()


def test_a_name_that_is_taken_stops_the_start() -> None:
    made = plugins(bad=plugin(nexus_engines=lambda: {"wasmer": print}))
    with pytest.raises(PluginError, match="'wasmer' is there already, from plugin wasmer"):
        made.engines()


def test_what_a_hook_raises_stops_the_start_in_a_line() -> None:
    def fail(settings: Settings) -> None:
        raise OSError("no\nroute")

    made = plugins(bad=plugin(nexus_metrics_sinks=fail))
    with pytest.raises(PluginError) as caught:
        made.metrics_sinks(SETTINGS)
    (line,) = caught.value.problems
    assert line.startswith("plugin bad (dist 1.2): nexus_metrics_sinks failed: OSError: no route (")
    assert "test_offers.py, line " in line


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, BaseException])
def test_no_exception_of_a_hook_ends_the_process(kind: type[BaseException]) -> None:
    def fail(settings: Settings) -> None:
        raise kind("bye")

    made = plugins(bad=plugin(nexus_request_filters=fail))
    with pytest.raises(PluginError, match=f"nexus_request_filters failed: {kind.__name__}: bye"):
        made.request_filters(SETTINGS)


def test_an_object_whose_members_cannot_be_looked_at() -> None:
    class Sink:
        @property
        def record(self) -> None:
            raise SystemExit("bye")

    made = plugins(bad=plugin(nexus_metrics_sinks=lambda settings: [Sink()]))
    with pytest.raises(PluginError, match=r"nexus_metrics_sinks failed: SystemExit: bye \("):
        made.metrics_sinks(SETTINGS)


def test_a_config_error_keeps_its_words() -> None:
    def fail(settings: Settings) -> None:
        raise ConfigError(["plugins.bad.port: found 0, allowed: 1 to 65535"])

    made = plugins(bad=plugin(nexus_request_filters=fail))
    with pytest.raises(ConfigError, match=r"^plugins\.bad\.port: found 0, allowed: 1 to 65535$"):
        made.request_filters(SETTINGS)


def test_none_and_nothing_mean_the_same() -> None:
    made = plugins(
        a=plugin(nexus_metrics_sinks=lambda settings: None, nexus_engines=lambda: None),
        b=plugin(nexus_metrics_sinks=lambda settings: [], nexus_engines=no_engine),
    )
    own, others = made.metrics_sinks(SETTINGS)
    assert (type(own).__name__, others) == ("PathMetrics", [])
    assert made.engines().keys() == {"wasmer", "wasmtime"}
