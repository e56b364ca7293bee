"""`nexus dev`: what somebody who works on a handler sees, from the first line to Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import free_port, until

from .conftest import Nexus

GOOD = 'export default { fetch: () => new Response("ANSWER") }'
THROWS = "export default { fetch(request) {\n  return request.nothing.there; } }"


class Developer:
    """One running `nexus dev`, with all that it has written."""

    def __init__(self, nexus: Nexus, folder: Path) -> None:
        self.handlers, self.log, self.port = folder / "handlers", folder / "log", free_port()
        self.handlers.mkdir()
        self.edit(GOOD)
        arguments = ("dev", "--handlers", self.handlers, "--bind", f"127.0.0.1:{self.port}")
        with self.log.open("wb") as stream:
            self.process = nexus.start(*arguments, stdout=stream, stderr=subprocess.STDOUT)

    def edit(self, source: str) -> None:
        (self.handlers / "hello.js").write_text(source)

    def lines(self) -> list[str]:
        return [line.partition(" ")[2] for line in self.log.read_text().splitlines()]

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as found:
                return found.status, found.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@pytest.fixture(scope="module")
def developer(nexus: Nexus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Developer]:
    made = Developer(nexus, tmp_path_factory.mktemp("dev"))
    until(lambda: "hello.js serves at /hello" in made.lines())
    yield made
    made.process.kill()
    made.process.communicate()


def test_it_begins_quietly(developer: Developer) -> None:
    lines = developer.log.read_text().splitlines()
    assert lines[0] == f"Serving {developer.handlers}; Ctrl-C stops."
    assert lines[1].split() == ["any", f"http://127.0.0.1:{developer.port}/hello", "hello.js"]
    assert lines[2].startswith(f"  console: http://127.0.0.1:{developer.port}/_nexus/login#token=")
    assert developer.lines()[3] == "hello.js serves at /hello"


def test_an_edit_serves_and_is_said(developer: Developer) -> None:
    developer.edit(GOOD.replace("ANSWER", "other"))
    until(lambda: developer.get("/hello") == (200, b"other"))
    assert developer.lines().count("hello.js serves at /hello") == 2
    until(lambda: any(line.startswith("GET /hello 200 ") for line in developer.lines()))


def test_errors_are_shown_in_full(developer: Developer) -> None:
    developer.edit(THROWS)
    until(lambda: developer.get("/hello")[0] == 500)
    problem = json.loads(developer.get("/hello")[1])
    assert problem["detail"].startswith("Uncaught TypeError: cannot read property 'there'")
    assert "hello.js:2" in problem["stack"][1]
    until(lambda: "    at fetch (hello.js:2:" in developer.log.read_text())
    developer.edit("export default {\n  fetch( }")
    until(lambda: any("hello.js:2:10: SyntaxError" in line for line in developer.lines()))
    assert "^ (its last good version goes on serving)" in developer.log.read_text()


def test_ctrl_c_ends_it(developer: Developer) -> None:
    developer.process.send_signal(signal.SIGINT)
    assert developer.process.wait(30) == 0
