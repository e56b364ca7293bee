"""Versions over the API: deployed, looked at, activated, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http.api.deployer import JS, Deployer, deployer, says
from tests.http.api.test_api import refused
from tests.wat import prints

BOUNDARY = "multipart/form-data; boundary=XX"


def form(*parts: tuple[str, str, bytes]) -> bytes:
    """The body of a form with fields: name, filename (empty: none), content."""
    body = b""
    for name, filename, content in parts:
        file = f'; filename="{filename}"' if filename else ""
        head = f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + b"--XX--\r\n"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Deployer]:
    with deployer(tmp_path, MAX_VERSIONS="3", MAX_VERSIONS_MB="1") as found:
        yield found


def test_a_version_serves_once_it_is_deployed(api: Deployer) -> None:
    answer = api.put("hello", says("one"), query="note=first")
    found = json.loads(answer.body)
    assert (answer.code, found["id"], found["weight"], found["note"]) == (201, "v1", 100, "first")
    assert (found["created_by"], found["language"]) == ("admin", "javascript")
    assert answer.header("Location") == "/v1/handlers/hello/versions/v1"
    assert api.text("/hello") == "one"
    assert api.deployed("hello", says("two"))["id"] == "v2"
    assert api.text("/hello") == "two"
    assert api.get("/v1/handlers/hello")["version"] == "v2"
    assert api.get("/v1/handlers/old")["version"] is None
    listed = api.get("/v1/handlers/hello/versions")
    assert [(entry["id"], entry["weight"]) for entry in listed["versions"]] == [
        ("v2", 100),
        ("v1", 0),
    ]
    assert listed["weights"] == {"v2": 100}
    assert [event["action"] for event in listed["history"]] == ["deploy", "deploy"]


def test_the_same_files_are_the_same_version(api: Deployer) -> None:
    first = api.put("hello", says("one"))
    again = api.put("hello", says("one"))
    assert (first.code, again.code) == (201, 200)
    assert json.loads(first.body) == json.loads(again.body)
    assert first.header("ETag") == again.header("ETag")
    api.deployed("hello", says("two"))
    back = api.put("hello", says("one"))
    assert (back.code, json.loads(back.body)["id"]) == (200, "v1")
    assert api.text("/hello") == "one"


def test_roll_back_is_activate(api: Deployer) -> None:
    api.deployed("hello", says("one"))
    api.deployed("hello", says("two"))
    answer = api.call("POST", "/v1/handlers/hello/versions/v1/activate")
    assert (answer.code, json.loads(answer.body)["weight"]) == (200, 100)
    assert api.text("/hello") == "one"
    answer = api.call("POST", "/v1/handlers/hello/versions/v9/activate")
    refused(answer, 404, "VERSION_NOT_FOUND", "there is no version 'v9'; versions: v1, v2")
    refused(api.call("POST", "/v1/handlers/x/versions/v1/activate"), 404, "VERSION_NOT_FOUND")


def test_a_version_that_does_not_load_never_serves(api: Deployer) -> None:
    api.deployed("hello", says("one"))
    for body, kind, code, detail in (
        (b"export default {", JS, "COMPILATION_ERROR", "hello.js:1"),
        (b"(module", "text/x-wat", "INVALID_HANDLER", ""),
        (b"\0asm\1\0\0\0\1\5", "application/wasm", "INVALID_HANDLER", ""),
        (b"let x: number =", "application/typescript", "COMPILATION_ERROR", "hello.ts"),
    ):
        found = api.put("hello", body, kind).problem()
        assert (found["status"], found["code"]) == (422, code), found
        assert detail in found["detail"]
        assert api.text("/hello") == "one"
    assert len(api.get("/v1/handlers/hello/versions")["versions"]) == 1
    unpacked = api.client.service.settings.state_dir / "versions"
    assert len(list(unpacked.iterdir())) == 1


@pytest.mark.parametrize(
    ("manifest", "detail"),
    [
        (b"timeout = 5", "hello.toml: timeout: found 5, but there is no such key"),
        (b'route = "/old"', "route /old is taken by handler 'old'"),
        (b'route = "/v1/x"', "route /v1/x is reserved"),
    ],
)
def test_a_manifest_is_checked_too(api: Deployer, manifest: bytes, detail: str) -> None:
    body = form(("module", "x.js", says("one")), ("manifest", "", manifest))
    refused(api.put("hello", body, BOUNDARY), 422, "INVALID_HANDLER", detail)


def test_a_form_brings_several_files_and_a_manifest(api: Deployer) -> None:
    main = b'import { word } from "./lib/words.js";\n' + says("x").replace(b'"x"', b"word")
    body = form(
        ("files", "hello.js", main),
        ("files", "lib/words.js", b'export const word = "many";'),
        ("manifest", "hello.toml", b'route = "/greet"\ntimeout_ms = 700\n'),
        ("note", "", b"with a library"),
    )
    found = api.deployed("hello", body, BOUNDARY)
    assert found["note"] == "with a library"
    assert api.text("/greet") == "many"
    assert api.get("/v1/handlers/hello")["timeout_ms"] == 700
    detail = api.get("/v1/handlers/hello/versions/v1")
    assert [file["path"] for file in detail["files"]] == ["hello.js", "hello.toml", "lib/words.js"]
    assert detail["files"][2]["text"] == 'export const word = "many";'
    assert (detail["entry"], detail["manifest"]) == (
        "hello.js",
        'route = "/greet"\ntimeout_ms = 700\n',
    )


@pytest.mark.parametrize(
    ("parts", "status", "detail"),
    [
        ([("modul", "x.js", b"1")], 400, "found the field 'modul', allowed: module, files"),
        ([("module", "", b"1")], 400, "the field module has no filename"),
        ([("files", "../x.js", b"1")], 400, "found the path '../x.js', allowed: a relative path"),
        ([("files", "/etc/x.js", b"1")], 400, "allowed: a relative path"),
        ([("files", ".git/x.js", b"1")], 400, "without hidden parts"),
        ([("files", "a.js", b"1"), ("files", "b.py", b"1")], 422, "found a.js, b.py, allowed: one"),
        ([("files", "x.txt", b"1")], 422, "found no file that can be a handler"),
        ([("files", "a.js", b"1"), ("files", "a.js/b", b"1")], 400, "is a file and a folder"),
        (
            [("files", "main.py", b"1"), ("manifest", "", b"static = true")],
            422,
            "static: found true; allowed for a folder without a program only",
        ),
        ([("manifest", "", b"static = true")], 422, "found no file that can be a handler"),
    ],
)
def test_a_form_that_is_wrong_is_said(api: Deployer, parts: Any, status: int, detail: str) -> None:
    answer = api.put("hello", form(*parts), BOUNDARY)
    assert answer.code == status, answer.body
    assert detail in answer.problem()["detail"]


def test_a_part_without_a_name_is_said(api: Deployer) -> None:
    body = form(("module", "x.js", b"1")).replace(b' name="module";', b"")
    answer = api.put("hello", body, BOUNDARY)
    assert answer.code == 400, answer.body
    assert "found a field without a name, allowed: module" in answer.problem()["detail"]


def test_a_body_of_another_type_is_refused(api: Deployer) -> None:
    answer = api.put("hello", b"{}", "application/json")
    refused(answer, 400, "INVALID_ARGUMENT", "found 'application/json', allowed: application/wasm")
    refused(api.put("bad name", says("x")), 422, "INVALID_HANDLER", "handler name 'bad name'")


def test_two_operators_at_once(api: Deployer) -> None:
    first = api.put("hello", says("one"))
    tag = first.header("ETag")
    assert tag
    assert api.put("hello", says("two"), HTTP_IF_MATCH=tag).code == 201
    late = api.put("hello", says("three"), HTTP_IF_MATCH=tag)
    refused(late, 412, "PRECONDITION_FAILED", "have changed since")
    assert api.text("/hello") == "two"
    path = "/v1/handlers/hello/versions/v1/activate"
    refused(api.call("POST", path, HTTP_IF_MATCH=tag), 412, "PRECONDITION_FAILED")
    refused(api.call("DELETE", "/v1/handlers/hello", HTTP_IF_MATCH=tag), 412, "PRECONDITION_FAILED")
    assert api.put("hello", says("three"), HTTP_IF_MATCH="*").code == 201
    refused(api.put("new", says("x"), HTTP_IF_MATCH="*"), 412, "PRECONDITION_FAILED")


def test_a_version_serves_in_the_place_of_a_file(api: Deployer) -> None:
    assert api.text("/old") == "file"
    api.deployed("old", says("version"))
    assert api.text("/old") == "version"
    assert not api.client.service.handlers.catalogue.problems
    assert api.call("DELETE", "/v1/handlers/old").code == 204
    assert api.text("/old") == "file"
    refused(api.call("DELETE", "/v1/handlers/old"), 404, "VERSION_NOT_FOUND")


def test_what_is_deleted_is_gone_and_its_id_is_not_used_again(api: Deployer) -> None:
    api.deployed("hello", says("one"))
    api.deployed("hello", says("two"))
    answer = api.call("DELETE", "/v1/handlers/hello/versions/v2")
    refused(answer, 409, "VERSION_CONFLICT", "version v2 serves; activate another one before")
    assert api.call("DELETE", "/v1/handlers/hello/versions/v1").code == 204
    assert api.call("DELETE", "/v1/handlers/hello").code == 204
    assert api.client.call("/hello").code == 404
    assert api.get("/v1/handlers/hello/versions")["versions"] == []
    assert api.deployed("hello", says("one"))["id"] == "v3"


def test_the_oldest_versions_make_room(api: Deployer) -> None:
    for number in range(4):
        api.deployed("hello", says(f"n{number}"))
    api.call("POST", "/v1/handlers/hello/versions/v2/activate")
    api.deployed("hello", says("last"))
    listed = api.get("/v1/handlers/hello/versions")
    assert [entry["id"] for entry in listed["versions"]] == ["v5", "v4", "v3"]
    assert listed["history"][0] == {**listed["history"][0], "action": "prune", "version": "v2"}


def test_quotas_of_size(api: Deployer) -> None:
    large = prints("Content-Type: text/plain\n\n" + "x" * 100).encode()
    large += b"\n;;" + b" " * 700_000
    api.deployed("hello", large, "text/x-wat")
    answer = api.put("other", large + b" ", "text/x-wat")
    refused(answer, 507, "QUOTA_EXCEEDED", "allowed: 1048576 (max_versions_mb)")
    api.deployed("other", large, "text/x-wat")  # the same file is kept once


def test_handlers_and_versions_that_are_not_there(api: Deployer) -> None:
    answer = api.call("GET", "/v1/handlers/absent/versions")
    refused(answer, 404, "HANDLER_NOT_FOUND", "no handler 'absent'")
    assert api.get("/v1/handlers/old/versions")["versions"] == []
    refused(api.call("GET", "/v1/handlers/old/versions/v1"), 404, "VERSION_NOT_FOUND")


def test_a_store_that_cannot_be_used_leaves_what_serves(api: Deployer) -> None:
    api.deployed("hello", says("one"))
    service = api.client.service
    store = service.settings.state_dir / "versions.sqlite"
    service.versions._store.close()
    store.rename(store.with_suffix(".away"))
    store.mkdir()
    refused(api.put("hello", says("two")), 503, "STORE_UNAVAILABLE", "state_dir")
    service.versions._follower.look()
    assert service.versions.problem
    assert service.unready() is None
    assert api.text("/hello") == "one"
    store.rmdir()
    store.with_suffix(".away").rename(store)
    assert api.put("hello", says("two")).code == 201
    assert service.versions.problem is None


def test_a_state_dir_that_cannot_be_written_is_said(api: Deployer) -> None:
    place = api.client.service.settings.state_dir
    place.write_text("a file")
    answer = api.put("hello", says("one"))
    said = f"no version can be unpacked in {place}/versions: Not a directory; the setting state_dir"
    refused(answer, 503, "STORE_UNAVAILABLE", said)
