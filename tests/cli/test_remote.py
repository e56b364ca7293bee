"""`nexus logs` and `nexus top` against a running server."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import free_port, until

from .conftest import Nexus

TOKEN = "secret"
NOISY = """export default { fetch(request) {
  console.warn("over \\u001b[31mhere");
  return new Response("x");
} };"""


@pytest.fixture(scope="module")
def url(nexus: Nexus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    handlers, port = tmp_path_factory.mktemp("handlers"), free_port()
    (handlers / "noisy.js").write_text(NOISY)
    found = f"http://127.0.0.1:{port}"
    process = nexus.start(
        *("serve", "--handlers", handlers, "--bind", f"127.0.0.1:{port}", "--workers", 1),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        NEXUS_ADMIN_TOKEN=TOKEN,
        NEXUS_DRAIN_DELAY_MS="0",
    )
    until(lambda: answers(f"{found}/readyz"))
    yield found
    process.terminate()
    process.communicate()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as found:
            return bool(found.status == 200)
    except OSError:
        return False


def test_logs_of_one_handler(nexus: Nexus, url: str) -> None:
    assert nexus("logs", "--url", url, NEXUS_TOKEN=TOKEN).code == 0  # requests are kept now
    assert answers(f"{url}/noisy")
    ended = nexus("logs", "noisy", "--url", url, NEXUS_TOKEN=TOKEN)
    lines = [line[9:] for line in ended.out.decode().splitlines()]
    assert "noisy | over [31mhere" in lines  # the guest's control character is gone
    assert lines[-1].startswith("noisy | GET /noisy 200 ")
    ended = nexus("logs", "noisy", "--json", "--level", "warning", "--url", url, "--token", TOKEN)
    assert [json.loads(line)["level"] for line in ended.out.splitlines()] == ["warning"]


def test_logs_that_come(nexus: Nexus, url: str, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        process = nexus.start("logs", "-f", "noisy", "--url", url, stdout=out, NEXUS_TOKEN=TOKEN)

    def followed() -> bool:
        answers(f"{url}/noisy?again")
        return (tmp_path / "out").read_text().count("GET /noisy 200") > 3

    until(followed, look_s=0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert process.communicate()[1] == b""


def test_top(nexus: Nexus, url: str) -> None:
    assert answers(f"{url}/noisy")
    ended = nexus("top", "--count", 2, "--interval", 0.5, "--url", url)
    lines = ended.out.decode().splitlines()
    assert ended.code == 0, ended.err
    assert lines[0].split() == ["HANDLER", "REQ/S", "P50", "P99", "CPU", "MEMORY", "ERRORS/S"]
    assert lines[1].split()[0] == "noisy"
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("logs",), "401: this needs a token"),
        (("logs", "--token", "wrong"), "401: the token is not known here"),
        (("logs", "--token", TOKEN, "--level", "loud"), "'loud' is not one of"),
    ],
)
def test_what_the_server_refuses(
    nexus: Nexus, url: str, arguments: tuple[str, ...], said: str
) -> None:
    ended = nexus(*arguments, "--url", url)
    assert ended.code != 0
    assert said in ended.err


def test_deploy_of_a_folder_of_files(nexus: Nexus, url: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    for path, content in {
        "index.html": b"<p>one",
        ".well-known/x": b"known",
        ".git/x": b"hidden",
        "a/b.bin": b"\0\xff",
    }.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(content)
    (tmp_path / "site.toml").write_text("static = true")
    where = ("--url", url, "--token", TOKEN)
    for content in (b"<p>one", b"<p>two"):
        (site / "index.html").write_bytes(content)
        assert nexus("deploy", site, *where).code == 0
        assert read(f"{url}/site/") == content
    assert [read(f"{url}/site/{path}") for path in ("a/b.bin", ".well-known/x")] == [
        b"\0\xff",
        b"known",
    ]
    assert not answers(f"{url}/site/.git/x")
    assert nexus("rollback", "site", *where).code == 0
    assert read(f"{url}/site/") == b"<p>one"
    listed = json.loads(nexus("versions", "site", "--json", *where).out)
    assert {version["language"] for version in listed["versions"]} == {"static"}
    ended = nexus("deploy", tmp_path, *where)  # a folder of handlers, which has no other
    assert "site: v2 serves: these files were deployed before" in ended.out.decode()


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as found:
        content: bytes = found.read()
        return content


@pytest.mark.parametrize("command", ["logs", "top"])
def test_no_server(nexus: Nexus, command: str) -> None:
    ended = nexus(command, "--url", f"http://127.0.0.1:{free_port()}")
    assert ended.code == 1
    assert "cannot reach http://127.0.0.1:" in ended.err
    ended = nexus(command, "--url", "ftp://here")
    assert ended.code == 2
    assert "--url: found 'ftp://here', allowed: http://HOST:PORT" in ended.err
