"""Which layer wins, what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from nexus.config import Loaded, Settings, load
from nexus.config.layers import BARE_NAMES
from nexus.errors import ConfigError

WHOLE_SETTINGS = [name for name, field in Settings.model_fields.items() if field.annotation is int]


@pytest.fixture
def place(tmp_path: Path) -> SimpleNamespace:
    """A working directory: `write` its nexus.toml, `load` there, or collect the `problems`."""

    def write(text: str, name: str = "nexus.toml") -> None:
        (tmp_path / name).write_text(text, encoding="utf-8")

    def load_here(environ: dict[str, str] | None = None, **options: object) -> Loaded:
        return load(options, {"HOME": "/home/nexus", **(environ or {})}, tmp_path)

    def problems(environ: dict[str, str] | None = None, **options: object) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load_here(environ, **options)
        return caught.value.problems

    return SimpleNamespace(path=tmp_path, write=write, load=load_here, problems=problems)


def test_defaults(place):
    loaded = place.load()
    settings = loaded.settings
    assert (settings.timeout_ms, settings.min_instances, settings.max_instances) == (5000, 2, 10)
    assert (settings.memory_limit_mb, settings.max_host_calls) == (32, 10_000)
    assert (settings.http_max_concurrent, settings.http_timeout) == (10, 30000)
    assert settings.cpu_timeout_ms == 5000
    assert settings.threads == 10
    assert settings.workers >= 1
    assert settings.log_level == "info"
    assert settings.access_log is True
    assert settings.handlers_dir == place.path / "handlers"
    assert set(loaded.sources) == set(Settings.model_fields)
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.warnings == []


def test_each_layer_wins_over_the_one_below(place):
    place.write("timeout_ms = 1\nmax_queue = 1")
    bare, prefixed = {"TIMEOUT_MS": "2"}, {"TIMEOUT_MS": "2", "NEXUS_TIMEOUT_MS": "3"}
    steps = [
        (place.load(), 1, "nexus.toml"),
        (place.load(bare), 2, "environment variable TIMEOUT_MS"),
        (place.load(prefixed), 3, "environment variable NEXUS_TIMEOUT_MS"),
        (place.load(prefixed, timeout_ms=4), 4, "option --timeout-ms"),
        (place.load(prefixed, timeout_ms=None), 3, "environment variable NEXUS_TIMEOUT_MS"),
    ]
    for loaded, value, source in steps:
        assert loaded.settings.timeout_ms == value
        assert loaded.sources["timeout_ms"] == source
        assert loaded.settings.max_queue == 1
        assert loaded.sources["max_queue"] == "nexus.toml"


def test_derived_defaults_follow_what_they_derive_from(place):
    settings = place.load({"TIMEOUT_MS": "700", "HTTP_MAX_CONCURRENT": "7"}).settings
    assert (settings.cpu_timeout_ms, settings.threads) == (700, 7)
    settings = place.load({"NEXUS_CPU_TIMEOUT_MS": "9", "NEXUS_THREADS": "3"}).settings
    assert (settings.cpu_timeout_ms, settings.threads) == (9, 3)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_bare_name_counts_only_where_promised(place, name):
    source = "unix:/s" if name == "bind" else "4"
    environ = {name.upper(): source}
    if name not in BARE_NAMES:
        assert place.load(environ).sources[name] == "default"
    elif name == "log_level":
        assert place.load({"LOG_LEVEL": "WARNING"}).settings.log_level == "warning"
    else:
        assert place.load(environ).sources[name] == f"environment variable {name.upper()}"


@pytest.mark.parametrize("name", WHOLE_SETTINGS)
@pytest.mark.parametrize(
    "bad", ["5s", "10.5", "10.0", "1e3", "-1", "nan", "inf", "", " 5", "1_000", "٣", "true"]
)
def test_numbers_from_text_are_whole_or_refused(place, name, bad):
    variable = f"NEXUS_{name.upper()}"
    (problem,) = place.problems({variable: bad})
    found = "-1" if bad == "-1" else repr(bad)  # read as a number, then found out of range
    assert problem.startswith(
        f"environment variable {variable}: {name}: found {found}, allowed: a whole number from "
    )


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf", "10.0", "true", "'5s'", "-1", "[1]", "{}"])
def test_numbers_from_toml_are_whole_or_refused(place, bad):
    place.write(f"timeout_ms = {bad}")
    (problem,) = place.problems()
    assert problem.startswith("nexus.toml: timeout_ms: found ")
    assert problem.endswith(", allowed: a whole number from 1 to 3600000")


@pytest.mark.parametrize("bad", [5.0, float("nan"), True, "5s", b"5"])
def test_numbers_from_options_are_whole_or_refused(place, bad):
    assert place.problems(max_queue=bad) == [
        f"option --max-queue: max_queue: found {bad!r}, allowed: a whole number from 0 to 100000"
    ]


RANGES = {
    "timeout_ms": (1, 3_600_000),
    "cpu_timeout_ms": (1, 3_600_000),
    "memory_limit_mb": (1, 4096),
    "max_host_calls": (1, 10**9),
    "max_request_bytes": (1, 2**31),
    "max_response_bytes": (1, 2**31),
    "max_stack_kb": (16, 1024),
    "max_header_bytes": (1, 2**31),
    "max_stderr_bytes": (1, 2**31),
    "max_effects": (0, 10**6),
    "max_effect_bytes": (1, 2**31),
    "http_max_outbound": (1, 256),
    "http_max_response_bytes": (1, 2**31),
    "http_timeout_ms": (1, 3_600_000),
    "min_instances": (0, 1000),
    "max_instances": (1, 1000),
    "pool_memory_mb": (1, 1 << 22),
    "max_queue": (0, 100_000),
    "scheduling_ageing_ms": (1, 3_600_000),
    "scheduling_target_ms": (1, 3_600_000),
    "kv_max_mb": (1, 1 << 20),
    "kv_timeout_ms": (1, 3_600_000),
    "max_suspended": (0, 100_000),
    "suspension_timeout_ms": (1, 86_400_000),
    "result_ttl_ms": (0, 86_400_000),
    "workers": (1, 256),
    "http_max_concurrent": (1, 1000),
    "threads": (1, 1000),
    "http_timeout": (1, 3_600_000),
    "http_head_timeout_ms": (1, 3_600_000),
    "http_body_timeout_ms": (1, 3_600_000),
    "http_send_timeout_ms": (1, 3_600_000),
    "http_min_bytes_per_second": (0, 10**9),
    "drain_delay_ms": (0, 600_000),
    "stuck_after_ms": (100, 3_600_000),
    "cache_max_mb": (1, 1 << 20),
    "max_version_mb": (1, 1024),
    "max_versions": (2, 1000),
    "max_versions_mb": (1, 1 << 20),
    "compile_timeout_ms": (1, 3_600_000),
    "compile_memory_mb": (64, 1 << 20),
    "plugin_timeout_ms": (1, 600_000),
}


@pytest.mark.parametrize("name", WHOLE_SETTINGS)
def test_ranges_end_where_they_say(place, name):
    low, high = RANGES[name]
    others = {} if name == "max_instances" else {"max_instances": 1000}
    others |= {} if name == "min_instances" else {"min_instances": 0}
    for inside in (low, high):
        assert getattr(place.load(**{**others, name: inside}).settings, name) == inside
    for outside in (low - 1, high + 1):
        (problem,) = place.problems(**{**others, name: outside})
        assert f"found {outside}, allowed: a whole number from {low} to {high}" in problem


@pytest.mark.parametrize("text", ["true", "1", "yes", "on", "TRUE", "On"])
def test_true_in_all_spellings(place, text):
    assert place.load({"NEXUS_DEBUG": text}).settings.debug is True


@pytest.mark.parametrize("text", ["false", "0", "no", "off", "False", "OFF"])
def test_false_in_all_spellings(place, text):
    assert place.load({"NEXUS_ACCESS_LOG": text}).settings.access_log is False


def test_booleans_from_toml(place):
    place.write("debug = true\naccess_log = 0")
    assert place.load().settings.debug is True
    assert place.load().settings.access_log is False


@pytest.mark.parametrize("bad", ["", "maybe", "2", "t", " true", "nan"])
def test_anything_else_is_no_boolean(place, bad):
    assert place.problems({"NEXUS_DEBUG": bad}) == [
        f"environment variable NEXUS_DEBUG: debug: found {bad!r}, "
        "allowed: true or false (also yes/no, on/off, 1/0)"
    ]


@pytest.mark.parametrize(
    ("name", "bad", "choices"),
    [
        ("log_level", "loud", "debug, info, warning, error"),
        ("log_level", "", "debug, info, warning, error"),
        ("log_format", "JSON", "auto, json, pretty, brief"),
        ("engine", "V8", "a name of lower case letters, digits, - and _"),
        ("compiler", "", "auto, llvm, cranelift"),
    ],
)
def test_choices(place, name, bad, choices):
    variable = f"NEXUS_{name.upper()}"
    assert place.problems({variable: bad}) == [
        f"environment variable {variable}: {name}: found {bad!r}, allowed: {choices}"
    ]


@pytest.mark.parametrize(
    "good",
    [
        "127.0.0.1:8000",
        "0.0.0.0:0",
        "localhost:65535",
        "my-host.example.org:80",
        "[::1]:8000",
        "[::]:80",
        "unix:/run/nexus.sock",
    ],
)
def test_addresses(place, good):
    assert place.load(bind=good).settings.bind == good


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "8000",
        ":8000",
        "localhost",
        "localhost:",
        "localhost:http",
        "localhost:65536",
        "localhost:-1",
        "localhost:٣",
        "256.0.0.1:80",
        "1.2.3:80",
        "::1:8000",
        "[::1]",
        "[::g]:80",
        "[]:80",
        "a b:80",
        "-a:80",
        "http://localhost:80",
        "unix:",
        "unix:run.sock",
        "unix:/" + "a" * 107,
        "unix:/a\nb",
        8000,
    ],
)
def test_no_addresses(place, bad):
    (problem,) = place.problems(bind=bad)
    assert problem.startswith("option --bind: bind: found ")
    assert problem.endswith("allowed: HOST:PORT, [IPV6]:PORT or unix:/PATH")


@pytest.mark.parametrize("bad", ["", "a\0b", 5])
def test_no_folders(place, bad):
    assert place.problems(handlers_dir=bad) == [
        f"option --handlers-dir: handlers_dir: found {bad!r}, allowed: a path"
    ]


def test_folders_become_absolute(place):
    loaded = place.load({"CACHE_DIR": "~/c", "NEXUS_HANDLERS_DIR": "h"})
    assert loaded.settings.cache_dir == Path("/home/nexus/c")
    assert loaded.settings.handlers_dir == place.path / "h"


def test_cache_folder_follows_xdg(place):
    def cache(**environ: str) -> Path:
        return place.load(environ).settings.cache_dir

    assert cache() == Path("/home/nexus/.cache/nexus")
    assert cache(XDG_CACHE_HOME="/xdg") == Path("/xdg/nexus")
    assert cache(XDG_CACHE_HOME="relative") == Path("/home/nexus/.cache/nexus")
    assert cache(XDG_CACHE_HOME="/xdg", CACHE_DIR="/c") == Path("/c")


def test_without_any_home_the_cache_folder_must_be_named(place, monkeypatch):
    def no_entry(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("nexus.config.layers.pwd.getpwuid", no_entry)
    assert place.problems({"HOME": ""}) == [
        "default: cache_dir: nothing found, allowed: a path",
    ]
    assert place.load({"HOME": "", "CACHE_DIR": "/c"}).settings.cache_dir == Path("/c")


def test_instances_must_fit(place):
    assert place.problems({"MIN_INSTANCES": "20"}) == [
        "default: max_instances: found 10, "
        "allowed: at least min_instances, which is 20 (environment variable MIN_INSTANCES)"
    ]
    place.write("min_instances = 4")
    assert place.problems(max_instances=3) == [
        "option --max-instances: max_instances: found 3, "
        "allowed: at least min_instances, which is 4 (nexus.toml)"
    ]
    assert place.load(max_instances=4).settings.max_instances == 4


def test_all_problems_at_once(place):
    place.write("timeot_ms = 5\nmin_instances = 20\nmax_stderr_bytes = 0\n[pool]\nsize = 3")
    problems = place.problems(
        {"TIMEOUT_MS": "5s", "NEXUS_HTTP_MAX_CONCURRENT": "many", "NEXUS_DEBUG": "perhaps"},
        bind="nowhere",
        max_instances="10",
    )
    assert [problem.rpartition(": found")[0] for problem in problems] == [
        "environment variable TIMEOUT_MS: timeout_ms",
        "nexus.toml: max_stderr_bytes",
        "option --max-instances: max_instances",
        "option --bind: bind",
        "environment variable NEXUS_HTTP_MAX_CONCURRENT: http_max_concurrent",
        "environment variable NEXUS_DEBUG: debug",
        "nexus.toml: timeot_ms",
        "nexus.toml: pool",
    ]
    with pytest.raises(ConfigError) as caught:
        place.load({"TIMEOUT_MS": "5s", "NEXUS_DEBUG": "perhaps"})
    assert str(caught.value).splitlines() == caught.value.problems


def test_unknown_keys_name_the_nearest(place):
    place.write("timeot_ms = 5\n'max-queue' = 1\nzzz = 1")
    near, dashed, far = place.problems()
    assert near == (
        "nexus.toml: timeot_ms: found 5, but there is no such key; did you mean timeout_ms?"
    )
    assert dashed.endswith("did you mean max_queue?")
    assert "allowed: timeout_ms, cpu_timeout_ms, memory_limit_mb, " in far


def test_an_unknown_option_is_no_setting(place):
    (problem,) = place.problems(binds="x")
    assert problem.startswith("option --binds: binds: found 'x', but there is no such key;")


def test_a_huge_value_makes_a_short_message(place):
    (problem,) = place.problems({"NEXUS_BIND": "x" * 100_000})
    assert len(problem) < 300


def test_a_named_file_replaces_the_usual_one(place):
    place.write("timeout_ms = 1")
    place.write("timeout_ms = 2", "a.toml")
    place.write("timeout_ms = 3", "b.toml")
    by_environ = place.load({"NEXUS_CONFIG": "a.toml"})
    by_option = place.load({"NEXUS_CONFIG": "a.toml"}, config=str(place.path / "b.toml"))
    assert (by_environ.settings.timeout_ms, by_environ.sources["timeout_ms"]) == (2, "a.toml")
    assert by_option.settings.timeout_ms == 3
    assert by_option.sources["timeout_ms"] == str(place.path / "b.toml")


def test_a_named_file_must_exist(place):
    assert place.problems({"NEXUS_CONFIG": "gone.toml", "TIMEOUT_MS": "x"}) == [
        "environment variable NEXUS_CONFIG: config: found 'gone.toml', but there is no such file",
        "environment variable TIMEOUT_MS: timeout_ms: found 'x', "
        "allowed: a whole number from 1 to 3600000",
    ]
    assert place.problems(config="gone.toml") == [
        "option --config: config: found 'gone.toml', but there is no such file"
    ]


@pytest.mark.parametrize("bad", ["", "a\0b"])
def test_a_file_name_must_be_one(place, bad):
    assert place.problems(config=bad) == [
        f"option --config: config: found {bad!r}, allowed: the path of a TOML file"
    ]


def test_a_broken_file_is_named_beside_other_problems(place):
    place.write("timeout_ms = 5\nmax_queue = = 3")
    syntax, value = place.problems({"NEXUS_DEBUG": "x"})
    assert syntax.startswith("nexus.toml: not valid TOML: ")
    assert "line 2" in syntax
    assert value.startswith("environment variable NEXUS_DEBUG")


def test_unknown_variables_are_warned_of(place):
    warnings = place.load({"NEXUS_TIMEOT_MS": "1", "NEXUS_XYZZY": "1", "TIMEOT_MS": "1"}).warnings
    assert warnings[0] == (
        "environment variable NEXUS_TIMEOT_MS is not known; did you mean NEXUS_TIMEOUT_MS?"
    )
    assert warnings[1].startswith("environment variable NEXUS_XYZZY is not known; allowed: ")
    assert len(warnings) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEXUS_ADMIN_TOKEN", "secret"),
        ("NEXUS_DISABLED_PLUGINS", "x"),
        ("NEXUS_CPU_PROFILE", "burst"),
        ("NEXUS_CONFIG", "/dev/null"),
        ("NEXUS_RUNTIME_SERVICE_HOST", "10.0.0.1"),
        ("NEXUS_RUNTIME_SERVICE_PORT", "80"),
        ("NEXUS_RUNTIME_SERVICE_PORT_HTTP", "80"),
        ("NEXUS_RUNTIME_PORT", "tcp://10.0.0.1:80"),
        ("NEXUS_RUNTIME_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("NEXUS_RUNTIME_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("NEXUS_PORT", "tcp://10.0.0.1:80"),
    ],
)
def test_variables_of_ours_and_of_kubernetes_are_not_warned_of(place, name, value):
    assert place.load({name: value}).warnings == []


def test_a_port_of_ones_own_making_is_warned_of(place):
    assert len(place.load({"NEXUS_PORT": "8000"}).warnings) == 1
