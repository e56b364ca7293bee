"""Handlers that are only a folder of files: the rules of Workers' static assets, and no guest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from nexus.http import create_app
from nexus.http.static_files import PIECE_BYTES

from .conftest import Client, make_service

FILES = {
    "index.html": "<h1>home</h1>",
    "404.html": "not here",
    "about.html": "about",
    "style.css": "body {}",
    "käse.txt": "brot",
    "data": "raw",
    "blog/index.html": "blog",
    "blog/first.html": "first",
    "deep/404.html": "deeper",
    "deep/a/b.json": "{}",
    ".env": "SECRET=1",
    ".git/config": "secret",
    ".well-known/security.txt": "contact",
    "numbers.bin": "0123456789",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handlers")
    for name, content in FILES.items():
        path = folder / "site.v2" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "site.v2/large.mp4").write_bytes(bytes(PIECE_BYTES) + b"the end")
    (folder / "secret.txt").write_text("secret")
    (folder / "site.v2/out.txt").symlink_to("../secret.txt")
    (folder / "site.v2/near.txt").symlink_to("data")
    (folder / "site.v2.toml").write_text('static = true\nroute = "/site"\n')
    (folder / "plain").mkdir()
    (folder / "plain/index.html").write_text("no handler")
    return folder


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    registry = CollectorRegistry()
    service = make_service(folder, registry)
    service.start_with(folder)
    assert not service.handlers.catalogue.problems
    assert list(service.handlers.catalogue.handlers) == ["site.v2"]
    yield Client(create_app(service, registry), service, registry)
    service.stop(grace_s=5.0)


HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "code", "about", "body"),
    [
        ("/site/", 200, HTML, "<h1>home</h1>"),
        ("/site/about", 200, HTML, "about"),
        ("/site/style.css", 200, "text/css; charset=utf-8", "body {}"),
        ("/site/käse.txt", 200, TEXT, "brot"),
        ("/site/data", 200, "application/octet-stream", "raw"),
        ("/site/blog/", 200, HTML, "blog"),
        ("/site/blog/first", 200, HTML, "first"),
        ("/site/deep/a/b.json", 200, "application/json; charset=utf-8", "{}"),
        ("/site/.well-known/security.txt", 200, TEXT, "contact"),
        ("/site/near.txt", 200, TEXT, "raw"),
        # other spellings lead to the one that counts
        ("/site", 307, "/site/", ""),
        ("/site/index.html", 307, "/site/", ""),
        ("/site/about.html", 307, "/site/about", ""),
        ("/site/about/", 307, "/site/about", ""),
        ("/site/blog", 307, "/site/blog/", ""),
        ("/site/blog/index.html", 307, "/site/blog/", ""),
        ("/site//blog/index.html", 307, "/site/blog/", ""),
        # and what is not there
        ("/site/gone", 404, HTML, "not here"),
        ("/site/deep/a/gone", 404, HTML, "deeper"),
        ("/site/deep/", 404, HTML, "deeper"),
        ("/site/data/x", 404, HTML, "not here"),
        ("/site/.env", 404, HTML, "not here"),
        ("/site/.git/config", 404, HTML, "not here"),
        ("/site/out.txt", 404, HTML, "not here"),
        ("/site/" + "x" * 300, 404, HTML, "not here"),
        ("/site/\xff", 404, HTML, "not here"),
    ],
)
def test_paths(client: Client, path: str, code: int, about: str, body: str) -> None:
    raw = path if "\xff" in path else path.encode().decode("latin-1")
    found = client.call(raw)
    header = found.header("Location" if code == 307 else "Content-Type")
    assert (found.code, header, found.body.decode()) == (code, about, body)
    assert found.header("Content-Length") == str(len(found.body))
    head = client.call(raw, "HEAD")
    assert (head.code, head.body) == (code, b"")
    assert head.header("Content-Length") == found.header("Content-Length")


def conditional(client: Client, path: str = "/site/numbers.bin", **environ: Any) -> tuple[int, str]:
    found = client.call(path, **environ)
    return found.code, found.header("Content-Range") or found.body.decode()


def test_tags_and_ranges(client: Client, folder: Path) -> None:
    tag = client.call("/site/numbers.bin").header("ETag")
    assert tag
    assert tag == client.call("/site/numbers.bin").header("ETag")
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        assert conditional(client, HTTP_IF_NONE_MATCH=given) == (304, ""), given
    assert conditional(client, HTTP_IF_NONE_MATCH='"x"') == (200, "0123456789")
    for asked, expected in {
        "bytes=2-4": (206, "bytes 2-4/10"),
        "bytes=7-": (206, "bytes 7-9/10"),
        "bytes=-3": (206, "bytes 7-9/10"),
        "bytes=0-99": (206, "bytes 0-9/10"),
        "bytes=10-": (416, "bytes */10"),
        "bytes=-0": (416, "bytes */10"),
        "bytes=4-2": (200, "0123456789"),
        "bytes=0-1,3-4": (200, "0123456789"),
        "lines=1-2": (200, "0123456789"),
        "bytes=-": (200, "0123456789"),
    }.items():
        assert conditional(client, HTTP_RANGE=asked) == expected, asked
    assert client.call("/site/numbers.bin", HTTP_RANGE="bytes=2-4").body == b"234"
    assert conditional(client, HTTP_RANGE="bytes=2-4", HTTP_IF_RANGE=tag)[0] == 206
    assert conditional(client, HTTP_RANGE="bytes=2-4", HTTP_IF_RANGE='"x"')[0] == 200
    (folder / "site.v2/numbers.bin").write_text("9876543210")
    assert conditional(client, HTTP_IF_NONE_MATCH=tag) == (200, "9876543210")
    (folder / "site.v2/numbers.bin").write_text("0123456789")


def test_a_large_file_leaves_in_pieces(client: Client) -> None:
    found = client.call("/site/large.mp4")
    assert found.header("Content-Length") == str(len(found.body)) == str(PIECE_BYTES + 7)
    assert found.body.endswith(b"the end")
    assert client.call("/site/large.mp4", "HEAD").header("Content-Length") == str(len(found.body))


def test_queries_methods_and_counts(client: Client) -> None:
    before = client.count("handler_executions_total", handler="site.v2", status="ok")
    moved = client.call("/site/about.html", QUERY_STRING="a=1", SCRIPT_NAME="/app")
    assert moved.header("Location") == "/app/site/about?a=1"
    refused = client.call("/site/", "POST", b"x")
    assert (refused.code, refused.header("Allow")) == (405, "GET, HEAD")
    after = client.count("handler_executions_total", handler="site.v2", status="ok")
    assert after == before + 1


@pytest.mark.parametrize("line", ["scratch_mb = 1", 'files = {"/a" = "blog"}'])
def test_a_static_handler_has_no_program(tmp_path: Path, line: str) -> None:
    registry = CollectorRegistry()
    (tmp_path / "site/blog").mkdir(parents=True)
    (tmp_path / "site.toml").write_text(f"static = true\n{line}\n")
    (tmp_path / "away").symlink_to("/etc")
    (tmp_path / "away.toml").write_text("static = true\n")
    (tmp_path / "other.wat").write_text("(module)")
    (tmp_path / "other.toml").write_text("static = true\n")
    service = make_service(tmp_path, registry)
    service.start_with(tmp_path)
    found = {file: str(error) for file, error in service.handlers.catalogue.problems.items()}
    service.stop()
    assert found["site"].startswith(f"site.toml: {line.split()[0]}: found beside static")
    assert found["away"].startswith("away.toml: static: found a link")
    assert found["other.wat"].startswith("other.toml: static: found true; allowed for a folder")
