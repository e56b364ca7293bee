"""The setting `plugins`: where options come from, what is refused, and what is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from nexus.config import Loaded, load, public_values, to_environ
from nexus.errors import ConfigError
from nexus.plugin_api.options import plugin_options

SECRET = "hunter2"


class Redis(BaseModel):
    url: str
    prefix: str


def loaded(folder: Path, file: str = "", **environ: str) -> Loaded:
    (folder / "nexus.toml").write_text(file)
    return load({}, {"HOME": "/home/nexus", **environ}, folder)


def test_layers_add_to_each_other(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        '[plugins.statsd]\nhost = "a"\nport = 1\nprefix = "file"',
        NEXUS_PLUGINS='{"statsd": {"host": "b", "port": 2}, "other": {"list": [1]}}',
        NEXUS_PLUGINS__STATSD__PORT="3",
        NEXUS_PLUGINS__STATSD__TAGS__ZONE="z",
    )
    assert found.settings.plugins == {
        "statsd": {"host": "b", "port": "3", "prefix": "file", "tags": {"zone": "z"}},
        "other": {"list": [1]},
    }
    assert found.sources["plugins"] == (
        "nexus.toml, environment variable NEXUS_PLUGINS and NEXUS_PLUGINS__STATSD__PORT and "
        "NEXUS_PLUGINS__STATSD__TAGS__ZONE"
    )
    assert found.warnings == []


def test_single_values_need_no_table_elsewhere(tmp_path: Path) -> None:
    found = loaded(tmp_path, NEXUS_PLUGINS__AUTH_JWT__ISSUER="me")
    assert found.settings.plugins == {"auth_jwt": {"issuer": "me"}}


def test_a_variable_reaches_a_plugin_whose_name_has_a_hyphen(tmp_path: Path) -> None:
    file = '[plugins.store-redis]\nurl = "file"\nprefix = "file"'
    found = loaded(tmp_path, file, NEXUS_PLUGINS__STORE_REDIS__URL="variable")
    options = plugin_options(found.settings, "store-redis", Redis)
    assert (options.url, options.prefix) == ("variable", "file")


def test_a_variable_that_gives_no_option_is_warned_about(tmp_path: Path) -> None:
    found = loaded(tmp_path, NEXUS_PLUGINS__STATSD="x")
    assert found.settings.plugins == {}
    assert "NEXUS_PLUGINS__STATSD is not known" in found.warnings[0]


def test_workers_get_the_same_tables(tmp_path: Path) -> None:
    found = loaded(tmp_path, "[plugins.a]\nday = 2026-01-02\n[plugins.a.b]\nc = [1.5, true]")
    again = load({}, to_environ(found.settings), tmp_path)
    assert again.settings.plugins == {"a": {"day": "2026-01-02", "b": {"c": [1.5, True]}}}


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("NEXUS_PLUGINS", '{"s": {"password": "hunter2"', "text that is not JSON (Expecting"),
        ("NEXUS_PLUGINS", '["hunter2"]', "a list, not a table"),
        ("NEXUS_PLUGINS", "null", "nothing, not a table"),
        ("NEXUS_PLUGINS", '{"s": "hunter2"}', "text as s, which must be a table"),
        ("NEXUS_PLUGINS", '{"s": 5}', "a number as s, which must be a table"),
        ("NEXUS_PLUGINS", '{"hunter2!": {}}', "a table's name that is not lower case"),
        ("NEXUS_PLUGINS", "[" * 100_000, "JSON nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_without_quoting_it(
    tmp_path: Path, variable: str, text: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, **{variable: text})
    (problem,) = caught.value.problems
    assert problem.startswith(f"environment variable {variable}: plugins: found {words}")
    assert problem.endswith("allowed: a table of tables, in the environment as JSON")
    assert SECRET not in problem


def test_a_single_value_cannot_go_below_another(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="text as a, which must be a table"):
        loaded(tmp_path, NEXUS_PLUGINS='{"a": "b"}', NEXUS_PLUGINS__A__B="c")


@pytest.mark.parametrize(
    "options",
    [
        f'password = "{SECRET}"',
        f'api_key = "{SECRET}"',
        f'Authorization = "{SECRET}"',
        f'headers = {{ "x" = "{SECRET}" }}',
        f'tokens = ["{SECRET}"]',
        f'url = "redis://:{SECRET}@host:6379/0"',
        f'url = "http://host/path?x={SECRET}"',
        f'servers = [{{ at = "redis://user:{SECRET}@host" }}]',
    ],
)
def test_secrets_are_hidden(tmp_path: Path, options: str) -> None:
    settings = loaded(tmp_path, f"[plugins.p]\n{options}").settings
    assert SECRET in str(settings.plugins)
    assert SECRET not in str(public_values(settings))
    assert SECRET not in repr(settings)


def test_the_rest_is_shown(tmp_path: Path) -> None:
    table = 'host = "a"\nport = 1\nsigned = true\nurl = "http://host/path"\nlist = [1.5, "b"]'
    shown = public_values(loaded(tmp_path, f"[plugins.p]\n{table}").settings)["plugins"]["p"]
    assert shown == {
        "host": "a",
        "port": 1,
        "signed": True,
        "url": "http://host/path",
        "list": [1.5, "b"],
    }
