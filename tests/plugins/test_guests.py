"""A plugin package outside the repository that brings a guest language of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Server, serving, until
from tests.support import shared_cache

from .support import package, python_path

GREETING = '''
    """Handlers that are one greeting: `NAME.greet`, a line of text.

    Each becomes a module that exports `greet`, which returns where in memory the greeting is.
    """

    from pathlib import Path

    from nexus import hookimpl
    from nexus.plugin_api.abi import AbiBase, Module, ModuleProgram
    from nexus.plugin_api.errors import InvalidHandler
    from nexus.plugin_api.guest import GuestBase
    from nexus.plugin_api.values import FuncType, HttpResponse


    class GreetingAbi(AbiBase):
        name = "greeting"
        suffixes = (".greet",)

        def read(self, entry: Path):
            text = entry.read_text().strip()
            if not text:
                raise InvalidHandler(f"{entry.name}: found nothing, allowed is a line of text")
            escaped = "".join(f"\\\\{byte:02x}" for byte in text.encode())
            wat = f"""(module (memory (export "memory") 1) (data (i32.const 16) "{escaped}")
              (global $calls (mut i32) (i32.const 0))
              (func (export "greet") (result i32)
                (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                (i32.store8 (i32.const 15) (global.get $calls)) (i32.const 15)))"""
            return ModuleProgram(Module(wat.encode(), is_text=True))

        def matches(self, imports, exports):
            return any(export.name == "greet" for export in exports)

        def check(self, imports, exports):
            found = next(export for export in exports if export.name == "greet")
            if found.type != FuncType((), ("i32",)):
                raise InvalidHandler("greet has another type than () -> (i32)")

        def guest(self, compiled):
            return GreetingGuest()


    class GreetingGuest(GuestBase):
        def functions(self):
            return {}

        def respond(self, instance, request, handler, run):
            at = instance.invoke("greet")
            memory = bytes(instance.memory()[at : at + 100])
            calls, text = memory[0], memory[1:].rstrip(b"\\0")
            return HttpResponse(200, [("X-Calls", str(calls))], text + b"\\n")


    @hookimpl
    def nexus_guests(settings):
        return [GreetingAbi()]
'''


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("packages"), "greeting", GREETING)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("handlers")
    (made / "hi.greet").write_text("hi there\n")
    (made / "empty.greet").write_text("\n")
    return made


@pytest.fixture(scope="module")
def server(
    folder: Path, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    state = tmp_path_factory.mktemp("server")
    environ = {
        "PYTHONPATH": python_path(packages),
        "NEXUS_CACHE_DIR": str(shared_cache()),
        "NEXUS_ADMIN_TOKEN": "secret",
    }
    with serving(folder, state, **environ) as running:
        yield running


def test_it_serves_each_request_with_a_clean_instance(server: Server) -> None:
    for _ in range(3):
        answer = server.get("/hi")
        assert (answer.status, answer.body) == (200, b"hi there\n")
        assert answer.headers["X-Calls"] == "1"


def test_what_is_wrong_with_a_handler_is_said(server: Server) -> None:
    assert server.get("/empty").status == 503
    assert "empty.greet: found nothing, allowed is a line of text" in server.log.read_text()


def nexus(packages: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    given = {"PYTHONPATH": python_path(packages), "NEXUS_CACHE_DIR": str(shared_cache()), **environ}
    return subprocess.run(
        [sys.executable, "-c", "from nexus.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **given},
    )


def test_inspect_names_the_abi(folder: Path, packages: Path) -> None:
    done = nexus(packages, "inspect", str(folder / "hi.greet"), "--json")
    (found,) = json.loads(done.stdout)["handlers"]
    assert (found["name"], found["abi"]) == ("hi", "greeting")


def test_it_is_deployed_from_where_the_plugin_is(
    server: Server, packages: Path, tmp_path: Path
) -> None:
    (tmp_path / "sent.greet").write_text("hello from afar\n")
    url = f"http://127.0.0.1:{server.port}"
    sent = str(tmp_path / "sent.greet")
    done = nexus(packages, "deploy", sent, NEXUS_URL=url, NEXUS_TOKEN="secret")
    assert done.returncode == 0, done.stderr
    # The other worker hears of it a moment later.
    until(lambda: all(server.get("/sent").status == 200 for _ in range(20)))
    assert server.get("/sent").body == b"hello from afar\n"
