"""`nexus deploy`, `nexus versions` and `nexus rollback` against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT, shared_cache

from .conftest import Server, free_port, serving, until

ONE = 'export default { fetch: () => new Response("one") };'
TWO = 'import { word } from "./word.js"; export default { fetch: () => new Response(word) };'


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environ = {"NEXUS_ADMIN_TOKEN": "secret", "NEXUS_CACHE_DIR": str(shared_cache())}
    scratch = tmp_path_factory.mktemp("server")
    with serving(tmp_path_factory.mktemp("handlers"), scratch, **environ) as running:
        yield running


def nexus(
    server: Server, folder: Path, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    given = {"NEXUS_URL": f"http://127.0.0.1:{server.port}", "NEXUS_TOKEN": "secret", **environ}
    command = [sys.executable, "-c", "from nexus.cli import main; main()", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **given},
        capture_output=True,
        text=True,
        timeout=120,
    )


def said_to(server: Server, user: str) -> bytes:
    return server.get("/greet", headers={"X-U": user}).body


def test_deploy_look_and_go_back(server: Server, tmp_path: Path) -> None:
    (tmp_path / "hello.js").write_text(ONE)
    (tmp_path / "hello.toml").write_text('route = "/greet"\n')
    done = nexus(server, tmp_path, "deploy", "hello.js", "--note", "first")
    assert done.returncode == 0, done.stderr
    assert "hello: v1 serves (" in done.stdout
    (tmp_path / "hello.js").write_text(TWO)
    (tmp_path / "word.js").write_text('export const word = "two";')
    done = nexus(server, tmp_path, "deploy", "hello.js", "--json")
    assert json.loads(done.stdout)[0]["id"] == "v2"
    until(lambda: all(server.get("/greet").body == b"two" for _ in range(20)))

    done = nexus(server, tmp_path, "versions", "hello")
    newest, oldest = done.stdout.splitlines()
    assert newest.split()[:3] == ["v2", "100", "%"]
    assert (oldest.split()[:2], oldest.split()[-1]) == (["v1", "-"], "first")

    done = nexus(server, tmp_path, "rollback", "hello")
    assert done.stdout == "hello: v1 serves\n"
    until(lambda: all(server.get("/greet").body == b"one" for _ in range(20)))
    done = nexus(server, tmp_path, "rollback", "hello", "v2", "--json")
    assert json.loads(done.stdout)["weight"] == 100

    (tmp_path / "hello.js").write_text(ONE.replace("one", "three"))
    done = nexus(server, tmp_path, "deploy", "hello.js", "--weight", "40", "--sticky", "header:X-U")
    assert "hello: v3 serves 40 % of the requests (" in done.stdout
    until(lambda: all(said_to(server, "2") == b"three" for _ in range(20)))
    said = {user: said_to(server, user) for user in map(str, range(12))}
    assert [user for user, body in said.items() if body == b"three"] == ["1", "2", "8", "11"]
    assert {user: said_to(server, user) for user in said} == said  # by both workers
    done = nexus(server, tmp_path, "weights", "hello", "v2=30", "v3=70")
    assert done.stdout == "hello: v2 30 %, v3 70 %\n"
    done = nexus(server, tmp_path, "versions", "hello")
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["v3", "70"],
        ["v2", "30"],
        ["v1", "-"],
    ]
    assert nexus(server, tmp_path, "rollback", "hello").stdout == "hello: v2 serves\n"
    until(lambda: all(server.get("/greet").body == b"two" for _ in range(20)))


def test_a_folder_of_handlers_and_a_folder_that_is_one(server: Server, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    (tmp_path / "many/good.js").write_text(ONE)
    (tmp_path / "many/bad.js").write_text("export default {")
    done = nexus(server, tmp_path, "deploy", "many")
    assert done.returncode == 1
    assert "good: v1 serves" in done.stdout
    assert "error: bad: COMPILATION_ERROR: bad.js:1" in done.stderr
    (tmp_path / "shop/lib").mkdir(parents=True)
    (tmp_path / "shop/index.js").write_text(TWO.replace("./word", "./lib/word"))
    (tmp_path / "shop/lib/word.js").write_text('export const word = "shop";')
    done = nexus(server, tmp_path, "deploy", "shop")
    assert done.returncode == 0, done.stderr
    until(lambda: all(server.get("/shop").body == b"shop" for _ in range(20)))


def test_mistakes_are_said_with_what_to_do(server: Server, tmp_path: Path) -> None:
    (tmp_path / "hello.js").write_text(ONE)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty").mkdir()
    nowhere = f"http://127.0.0.1:{free_port()}"
    deploy = ("deploy", "hello.js")
    for arguments, environ, said in (
        (deploy, {"NEXUS_TOKEN": "wrong"}, "give it with --token or in NEXUS_TOKEN"),
        (deploy, {"NEXUS_URL": nowhere}, "start the server, or name it with --url"),
        (deploy, {"NEXUS_URL": "nowhere"}, "nowhere"),
        (("deploy", "notes.txt"), {}, "notes.txt: found .txt, allowed: "),
        (("deploy", "empty"), {}, "has no handler; allowed: "),
        (("versions", "absent"), {}, "HANDLER_NOT_FOUND: no handler 'absent'"),
        (("rollback", "absent"), {}, "HANDLER_NOT_FOUND"),
    ):
        done = nexus(server, tmp_path, *arguments, **environ)
        assert done.returncode in (1, 2), arguments
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_token_of_the_command_deploys_and_is_revoked(server: Server, tmp_path: Path) -> None:
    handlers = json.loads(
        server.get("/v1/config", headers={"Authorization": "Bearer secret"}).body
    )["settings"]["handlers_dir"]
    (tmp_path / "ours.js").write_text(ONE)
    place = {"NEXUS_HANDLERS_DIR": handlers}
    token = nexus(server, tmp_path, "token", "create", "ci", "--scope", "deploy:ours", **place)
    given = {"NEXUS_TOKEN": token.stdout.strip()}
    done = nexus(server, tmp_path, "deploy", "ours.js", **given)
    assert done.returncode == 0, done.stderr
    done = nexus(server, tmp_path, "deploy", "ours.js", "--name", "theirs", **given)
    assert "needed: deploy:theirs" in done.stderr
    listed = nexus(server, tmp_path, "token", "list", **place)
    assert (listed.stdout.split()[0], listed.stdout.split()[-1]) == ("ci", "deploy:ours")
    assert nexus(server, tmp_path, "token", "revoke", "ci", **place).returncode == 0
    done = nexus(server, tmp_path, "deploy", "ours.js", **given)
    assert "give it with --token or in NEXUS_TOKEN" in done.stderr
