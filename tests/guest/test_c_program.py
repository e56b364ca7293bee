"""A CGI program in C, linked with wasi-libc as its authors would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nexus.cli.run import mounted
from nexus.errors import GuestTrap
from nexus.guest.wasi.guest import WasiGuest
from nexus.model import Command, Files, HttpRequest, Mount, Task
from nexus.run.perform import perform as run_task

from .support import ENGINES, LocalRun, handler

SOURCE = r"""
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int files(void) {
  char text[64] = "";
  FILE *file = fopen("/assets/x.txt", "r");
  if (file) fgets(text, sizeof text, file);
  printf("asset %s\n", text);
  file = fopen("assets/x.txt", "w");
  printf("change %s\n", file ? "possible" : strerror(errno));
  file = fopen("/assets/../../secret", "r");
  printf("secret %s\n", file ? "open" : strerror(errno));
  file = fopen("/tmp/note", "w+");
  fputs("noted", file);
  rewind(file);
  fgets(text, sizeof text, file);
  printf("scratch %s\n", text);
  DIR *folder = opendir("/");
  for (struct dirent *entry; folder && (entry = readdir(folder));)
    printf("name %s\n", entry->d_name);
  return 0;
}

int main(int argc, char **argv) {
  char body[4096];
  size_t length = fread(body, 1, sizeof body, stdin);
  if (argc > 1 && !strcmp(argv[1], "exit")) return 7;
  if (argc > 1 && !strcmp(argv[1], "abort")) abort();
  printf("Content-Type: text/plain\r\nX-Tty: %d\r\n\r\n", isatty(1));
  for (int i = 0; i < argc; i++) printf("arg %s\n", argv[i]);
  for (char **p = environ; *p; p++) printf("env %s\n", *p);
  printf("body %.*s\n", (int)length, body);
  struct timespec pause = {0, 2000000};
  printf("slept %d\n", nanosleep(&pause, NULL));
  if (getenv("FILES")) return files();
  FILE *file = fopen("/etc/passwd", "r");
  printf("file %s\n", file ? "open" : "none");
  printf("seek %d\n", fseek(stdin, 0, SEEK_SET));
  fprintf(stderr, "to the log\n");
  return 0;
}
"""


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    pytest.importorskip("ziglang")
    folder: Path = tmp_path_factory.mktemp("c")
    (folder / "main.c").write_text(SOURCE)
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-Os"]
    subprocess.run([*compiler, "-o", "main.wasm", "main.c"], cwd=folder, check=True)
    return (folder / "main.wasm").read_bytes()


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Any:
    return ENGINES[request.param]


def perform(
    engine: Any, program: bytes, task: Task[Any], run: LocalRun | None = None, **fields: Any
) -> Any:
    guest = WasiGuest()
    instance = engine(program, guest.functions())
    served = handler(**{"env": {"MODE": "test"}, "args_from_query": True, **fields})
    return run_task(guest, instance, task, served, run or LocalRun())


def test_it_answers_a_request(engine: Any, program: bytes) -> None:
    run = LocalRun()
    meta = {"PATH_INFO": "/hello/x", "QUERY_STRING": "a=1&b", "HTTP_X_A": "\xff"}
    response = perform(engine, program, HttpRequest(meta, b"the body"), run)
    assert response.status == 200
    assert response.headers == [("Content-Type", "text/plain"), ("X-Tty", "0")]
    lines = response.body.splitlines()
    assert [line for line in lines if line.startswith(b"arg ")] == [
        b"arg /hello/x",
        b"arg a=1",
        b"arg b",
    ]
    for line in (b"env PATH_INFO=/x", b"env HTTP_X_A=\xff", b"env MODE=test", b"body the body"):
        assert line in lines
    assert lines[-3:] == [b"slept 0", b"file none", b"seek -1"]
    assert run.stderr == b"to the log\n"


def test_its_exit_code_is_seen(engine: Any, program: bytes) -> None:
    with pytest.raises(GuestTrap, match="exited with code 7"):
        perform(engine, program, HttpRequest({"QUERY_STRING": "exit"}))


def test_its_abort_is_a_trap(engine: Any, program: bytes) -> None:
    with pytest.raises(GuestTrap):
        perform(engine, program, HttpRequest({"QUERY_STRING": "abort"}))


def test_it_runs_as_a_command(engine: Any, program: bytes) -> None:
    stdin, stdout = [b"in", b"put"], bytearray()
    command = Command(
        ("c", "d"),
        {"E": "F"},
        lambda length: stdin.pop(0) if stdin else b"",
        stdout.extend,
        lambda content: None,
    )
    assert perform(engine, program, command) == 0
    assert b"X-Tty: 1\r\n" in stdout
    assert b"arg c\narg d\nenv E=F\nbody input\n" in stdout


def test_it_reads_assets_and_writes_scratch(engine: Any, program: bytes, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/x.txt").write_text("an asset")
    files = Files((Mount("/assets", tmp_path, "assets"),), 1 << 20)
    response = perform(engine, program, HttpRequest({}), files=files, env={"FILES": "1"})
    assert response.body.splitlines()[-8:] == [
        b"asset an asset",
        b"change Read-only file system",
        b"secret Operation not permitted",
        b"scratch noted",
        b"name .",
        b"name ..",
        b"name assets",
        b"name tmp",
    ]


def test_a_command_has_real_folders(engine: Any, program: bytes, tmp_path: Path) -> None:
    for name in ("secret", "in/x.txt", "out/other"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    stdout = bytearray()
    folders = (mounted(f"{tmp_path}/in::/assets:ro"), mounted(f"{tmp_path}/out::/tmp"))
    command = Command(("c",), {"FILES": "1"}, lambda _: b"", stdout.extend, lambda _: None, folders)
    assert perform(engine, program, command) == 0
    assert stdout.splitlines()[-4:] == [
        b"asset in/x.txt",
        b"change Read-only file system",
        b"secret Operation not permitted",
        b"scratch noted",
    ]
    assert (tmp_path / "out/note").read_text() == "noted"
