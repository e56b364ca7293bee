"""Manifests: what they may say, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from nexus.errors import InvalidHandler, ManifestError
from nexus.handlers.manifest import Manifest, load_manifest
from nexus.handlers.names import check_name, nearest_name
from nexus.model import Isolation, Limits
from nexus.plugin_api.scheduling import NORMAL_PRIORITY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hello.toml"


def problems(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load_manifest(path, "hello")
    return caught.value.problems


def test_without_a_file_everything_is_default(path):
    manifest = load_manifest(path, "hello")
    assert manifest == Manifest(route="/hello")
    assert manifest.methods == frozenset()
    assert manifest.isolation is Isolation.RESET
    assert manifest.capabilities == ()
    assert manifest.env == {}
    assert (manifest.args, manifest.args_from_query) == ((), False)
    assert manifest.max_concurrency is None
    assert manifest.priority == NORMAL_PRIORITY
    assert manifest.limits(Limits()) == Limits()


def test_everything_can_be_said(path):
    path.write_text(
        """
        route = "/api/v1/hello"
        methods = ["GET", "POST", "M-SEARCH"]
        timeout_ms = 250
        cpu_timeout_ms = 125
        memory_limit_mb = 64
        max_concurrency = 3
        isolation = "fresh"
        capabilities = ["http:authorization", "state:read:a:b:*", "state:write:*", "ext:m"]
        env = { GREETING = "hi\\nthere", _x1 = "" }
        args = ["-c", "", "é"]
        args_from_query = true
        strip_prefix = true
        stream = true
        http = ["api.stripe.com", "http://10.1.2.3:8080"]
        max_host_calls = 77
        description = "Greets"
        input_schema.type = "object"
        input_schema.properties.name.type = "string"
        """
    )
    manifest = load_manifest(path, "hello")
    assert manifest.route == "/api/v1/hello"
    assert manifest.methods == {"GET", "POST", "M-SEARCH"}
    assert manifest.max_concurrency == 3
    assert manifest.isolation is Isolation.FRESH
    assert manifest.capabilities == (
        "http:authorization",
        "state:read:a:b:*",
        "state:write:*",
        "ext:m",
    )
    assert manifest.env == {"GREETING": "hi\nthere", "_x1": ""}
    assert (manifest.args, manifest.args_from_query) == (("-c", "", "é"), True)
    assert manifest.strip_prefix
    assert manifest.stream
    assert manifest.http == ("api.stripe.com", "http://10.1.2.3:8080")
    assert manifest.description == "Greets"
    assert manifest.input_schema == {"type": "object", "properties": {"name": {"type": "string"}}}
    merged = manifest.limits(Limits(max_host_calls=7, max_effects=5))
    assert merged == Limits(0.25, 0.125, 64 << 20, max_host_calls=77, max_effects=5)


def test_limits_may_rise_as_well_as_fall():
    defaults = Limits(timeout_s=1, cpu_timeout_s=0.5, memory_bytes=1 << 20)
    manifest = Manifest(route="/", timeout_ms=9000, cpu_timeout_ms=8000, memory_limit_mb=2)
    assert manifest.limits(defaults) == Limits(9, 8, 2 << 20)


def test_the_cpu_budget_follows_the_timeout_unless_told_apart():
    manifest = Manifest(route="/", timeout_ms=9000)
    assert manifest.limits(Limits(5, 5)) == Limits(9, 9)
    assert manifest.limits(Limits(5, 2)) == Limits(9, 2)


def test_manifests_are_frozen():
    manifest = Manifest(route="/")
    with pytest.raises(ValidationError):
        manifest.route = "/x"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hello", "hello"),
        ("my module (1)", "my-module-1"),
        (".hidden", "hidden"),
        ("_x", "x"),
        ("é", "module"),
        ("", "module"),
        ("a" * 70, "a" * 64),
        ("--", "module"),
    ],
)
def test_a_file_of_any_name_has_a_name_near_it(text, name):
    assert nearest_name(text) == name
    assert check_name(name) == name


@pytest.mark.parametrize("route", ["/", "/a", "/a/b.c/~d", "/a..b", "/...", "/@me/x:y"])
def test_routes(path, route):
    path.write_text(f"route = '{route}'")
    assert load_manifest(path, "hello").route == route


@pytest.mark.parametrize(
    "route",
    [
        "",
        "a",
        "a/b",
        "/a/",
        "//",
        "/a//b",
        "/..",
        "/a/../b",
        "/a/./b",
        "/a?b=1",
        "/a#b",
        "/a b",
        "/%2e%2e/b",
        "/é",
        "/a\\\\b",
        "/a\\u0000",
        "/a\\n",
        "/" + "a" * 512,
    ],
)
def test_no_routes(path, route):
    (problem,) = problems(path, f'route = "{route}"')
    assert problem.startswith("hello.toml: route: found ")
    assert "allowed: a path of at most 512 characters that begins with '/'" in problem


@pytest.mark.parametrize(
    ("text", "key", "found", "allowed"),
    [
        ("route = 5", "route", "5", "a path"),
        ("methods = 'GET'", "methods", "'GET'", "a list of at least one HTTP method"),
        ("methods = []", "methods", "[]", "a list of at least one HTTP method"),
        ("methods = ['GET', 'post']", "methods[1]", "'post'", "a list of at least one HTTP"),
        ("methods = ['G T']", "methods[0]", "'G T'", "a list of at least one HTTP"),
        ("methods = ['']", "methods[0]", "''", "a list of at least one HTTP"),
        ("methods = [5]", "methods[0]", "5", "a list of at least one HTTP"),
        ("http = ['ftp://a.b']", "http[0]", "'ftp://a.b'", "a list of hosts such as"),
        ("http = ['a.b/path']", "http[0]", "'a.b/path'", "a list of hosts such as"),
        ("http = 'a.b'", "http", "'a.b'", "a list of hosts such as"),
        ("timeout_ms = 0", "timeout_ms", "0", "a whole number from 1 to 3600000"),
        ("timeout_ms = 1.5", "timeout_ms", "1.5", "a whole number from 1 to 3600000"),
        ("timeout_ms = '5s'", "timeout_ms", "'5s'", "a whole number from 1 to 3600000"),
        ("timeout_ms = nan", "timeout_ms", "nan", "a whole number from 1 to 3600000"),
        ("timeout_ms = true", "timeout_ms", "True", "a whole number from 1 to 3600000"),
        ("cpu_timeout_ms = -1", "cpu_timeout_ms", "-1", "a whole number from 1 to 3600000"),
        ("memory_limit_mb = 4097", "memory_limit_mb", "4097", "a whole number from 1 to 4096"),
        ("priority = 10", "priority", "10", "a whole number from 0 to 9"),
        ("priority = 'high'", "priority", "'high'", "a whole number from 0 to 9"),
        ("max_concurrency = 0", "max_concurrency", "0", "a whole number from 1 to 100000"),
        ("isolation = 'none'", "isolation", "'none'", "reset, fresh, reuse"),
        ("isolation = ''", "isolation", "''", "reset, fresh, reuse"),
        ("capabilities = ['net']", "capabilities[0]", "'net'", "a list of: http:authorization"),
        ("capabilities = ['state:read']", "capabilities[0]", "'state:read'", "a list of: http"),
        ("capabilities = ['ext:a', 'ext:']", "capabilities[1]", "'ext:'", "a list of: http"),
        ("capabilities = ['*']", "capabilities[0]", "'*'", "a list of: http"),
        ("capabilities = ['state:*']", "capabilities[0]", "'state:*'", "a list of: http"),
        ("capabilities = ['State:read:a']", "capabilities[0]", "'State:read:a'", "a list of: http"),
        ('capabilities = ["ext:a\\n"]', "capabilities[0]", "'ext:a\\n'", "a list of: http"),
        ("capabilities = [5]", "capabilities[0]", "5", "a list of: http:authorization"),
        ("capabilities = ''", "capabilities", "''", "a list of: http:authorization"),
        ("args = '-c'", "args", "'-c'", "a list of strings"),
        ("args = [1]", "args[0]", "1", "a list of strings"),
        ('args = ["\\u0000"]', "args[0]", "'\\x00'", "a list of strings"),
        ("args_from_query = 'yes'", "args_from_query", "'yes'", "true or false"),
        ("args_from_query = 1", "args_from_query", "1", "true or false"),
        ("route = 1979-05-27", "route", "1979-05-27", "a path of at most"),
        ("methods = 07:32:00", "methods", "07:32:00", "a list of at least one"),
        ("env = 'A=1'", "env", "'A=1'", "a table of strings"),
        ("env = {A = 1}", "env.A", "1", "a table of strings"),
        ("env = {1A = 'x'}", "env.1A", "'1A'", "a table of strings"),
        ("env = {'' = 'x'}", "env.''", "''", "a table of strings"),
        ("env = {'A=B' = 'x'}", "env.'A=B'", "'A=B'", "a table of strings"),
        ('env = {A = "\\u0000"}', "env.A", "'\\x00'", "a table of strings"),
        ("description = 1", "description", "1", "a string of at most 2000 characters"),
        ("input_schema = 'x'", "input_schema", "'x'", "a table that is a JSON Schema"),
        ("input_schema.type = 'array'", "input_schema", "{'type': 'array'}", "a table that is"),
        ("[env.A]\nB = 'x'", "env.A", "{'B': 'x'}", "a table of strings"),
    ],
)
def test_wrong_values(path, text, key, found, allowed):
    (problem,) = problems(path, text)
    assert problem.startswith(f"hello.toml: {key}: found {found}, allowed: {allowed}")


def test_env_is_bounded(path):
    (problem,) = problems(path, f"args = ['{'x' * (32 << 10)}']")
    assert "of at most 32768 bytes together" in problem
    (problem,) = problems(path, f"env = {{A = '{'x' * (32 << 10)}'}}")
    assert problem.startswith("hello.toml: env: found {'A': 'xxx")
    assert problem.endswith("of at most 32768 bytes together")
    path.write_text(f"env = {{A = '{'x' * ((32 << 10) - 1)}'}}")
    assert len(load_manifest(path, "hello").env["A"]) == (32 << 10) - 1


@pytest.mark.parametrize(
    "wrong", ["required = 'a'", "properties = { a = 1 }", "x = 1979-05-27", "x = nan", "x = '%s'"]
)
def test_a_schema_is_one_that_every_reader_understands(path, wrong):
    large = wrong.replace("%s", "x" * (16 << 10))
    (problem,) = problems(path, f"[input_schema]\ntype = 'object'\n{large}")
    assert problem.startswith("hello.toml: input_schema: found {")
    assert "allowed: a table that is a JSON Schema with type" in problem


def test_unknown_keys_name_the_nearest(path):
    assert problems(path, "timeout = 5") == [
        "hello.toml: timeout: found 5, but there is no such key; did you mean timeout_ms?"
    ]


@pytest.mark.parametrize(
    ("text", "request_cores", "limit_cores"),
    [
        ("", 0.1, None),
        ("cpu = { request = '300m' }", 0.3, None),
        ("cpu = { limit = '200m' }", 0.2, 0.2),
        ("[cpu]\nrequest = '50m'\nlimit = 1.5", 0.05, 1.5),
        ("cpu = { request = 1, limit = '2' }", 1.0, 2.0),
    ],
)
def test_cpu_in_kubernetes_notation(path, text, request_cores, limit_cores):
    path.write_text(text)
    found = load_manifest(path, "hello").cpu.allocation()
    assert (found.request_cores, found.limit_cores) == (request_cores, limit_cores)


@pytest.mark.parametrize("wrong", ["'0m'", "'1.2345'", "'-1'", "0", "true", "'1 core'", "[]"])
def test_wrong_cpu_says_what_is_allowed(path, wrong):
    (problem,) = problems(path, f"cpu = {{ limit = {wrong} }}")
    assert problem.startswith("hello.toml: cpu.limit: found ")
    assert problem.endswith('CPU in Kubernetes notation, above 0, such as "200m" or "1.5"')


def test_a_request_above_the_limit_is_refused(path):
    assert problems(path, "cpu = { request = '2', limit = '1' }") == [
        "hello.toml: cpu.request: found 2 cores, more than cpu.limit"
    ]


def test_all_problems_at_once(path):
    found = problems(path, "cpu = 1\nroute = 'x'\nisolation = 'y'\nmethods = ['a', 'b']\nz = 1")
    assert [line.split(": ")[1] for line in found] == [
        "route",
        "methods[0]",
        "methods[1]",
        "isolation",
        "cpu",
        "z",
    ]


def test_a_flood_of_problems_is_cut(path):
    found = problems(path, "\n".join(f"k{number} = 1" for number in range(1000)))
    assert len(found) == 51
    assert found[-1] == "and 950 more"


def test_the_file_as_a_whole(path):
    assert "line 1, column 5" in problems(path, "a = = 1")[0]
    assert problems(path, "#" * 65537) == ["hello.toml: larger than 65536 bytes"]
    path.write_bytes(b"\xff")
    with pytest.raises(ManifestError, match=r"^hello.toml: not UTF-8: "):
        load_manifest(path, "hello")


@pytest.mark.parametrize("name", ["a", "A1", "0", "a.b-c_d", "a" * 64])
def test_names(name, path):
    assert check_name(name) == name
    assert load_manifest(path, name).route == f"/{name}"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "-a", "_a", ".a", "a/b", "a b", "é", "a\n", "a\0", "a" * 65]
)
def test_no_names(name, path):
    with pytest.raises(InvalidHandler, match=r"is not allowed: 1 to 64 letters"):
        check_name(name)
    with pytest.raises(InvalidHandler):
        load_manifest(path, name)
