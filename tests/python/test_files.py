"""The files that a guest sees: its own, its packages', the time zones', and no others."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from nexus.errors import CompilationError, InvalidHandler
from nexus.guest.python import sources
from nexus.guest.python.sources import list_files, read_bundle
from nexus.model import Files, Handler, Mount

from .support import Pythons

FILES = {
    "main.py": """
import importlib.resources, os, pathlib, pkgutil
import lib
def fetch(request):
    folder = os.path.dirname(os.path.abspath(__file__))
    here = pathlib.Path(__file__).parent
    with open("data/words.txt", encoding="utf-8") as file:
        lines = [line for line in file]
    return {
        "text": open(os.path.join(folder, "data/words.txt"), encoding="utf-8").read(),
        "lines": lines,
        "bytes": (here / "data" / "raw.bin").read_bytes().hex(),
        "size": os.stat("/data/raw.bin").st_size,
        "is": [os.path.isfile("data/raw.bin"), os.path.isdir("data"), os.path.exists("gone")],
        "list": sorted(os.listdir("data")),
        "walk": [[top, sorted(files)] for top, folders, files in os.walk("/data")],
        "glob": [str(path) for path in sorted(here.glob("data/*.txt"))],
        "resource": importlib.resources.files(lib).joinpath("more.txt").read_text(),
        "data": pkgutil.get_data("lib", "more.txt").decode(),
    }
""",
    "lib/__init__.py": "",
    "lib/more.txt": "more",
    "data/words.txt": "käse\nbrot\n",
    "data/raw.bin": b"\x00\xff",
}


def test_files_are_read_as_anywhere(python: Pythons) -> None:
    found = json.loads(python.fetch(python.handler(FILES)).body)
    assert found == {
        "text": "käse\nbrot\n",
        "lines": ["käse\n", "brot\n"],
        "bytes": "00ff",
        "size": 2,
        "is": [True, True, False],
        "list": ["raw.bin", "words.txt"],
        "walk": [["/data", ["raw.bin", "words.txt"]]],
        "glob": ["/data/words.txt"],
        "resource": "more",
        "data": "more",
    }


def test_a_handler_finds_its_place(python: Pythons) -> None:
    """As scripts do that were written for a server of their own."""
    source = """
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "vendored"))
os.chdir(os.path.dirname(os.path.abspath(__file__)) + "data")
import words
def fetch(request):
    here = os.getcwd()
    with open(os.devnull, "w") as null:
        print("nobody reads this", file=null)
    content, size = open("a.txt").read(), os.stat("../data/a.txt").st_size
    may = [os.access("a.txt", way) for way in (os.F_OK, os.R_OK, os.W_OK, os.X_OK)]
    may.append(os.access("gone", os.F_OK))
    os.chdir("/tmp")
    open("a.txt", "w").write("written")
    return [__file__, here, content, size, may, words.WORDS, os.listdir("."), os.getcwd()]
"""
    files = {"main.py": source, "data/a.txt": "a", "vendored/words.py": "WORDS = 'found'"}
    answer = python.fetch(replace(python.handler(files), files=Files((), 1 << 20)))
    assert json.loads(answer.body) == [
        *("/main.py", "/data", "a", 1, [True, True, False, False, False], "found"),
        *(["a.txt"], "/tmp"),
    ]


@pytest.fixture(scope="module")
def runs_body(python: Pythons) -> Handler:
    """Return a handler that runs each request's body as Python."""
    files = {"main.py": "def fetch(request): exec(request.text())", "data/a.txt": "a"}
    return python.handler(files)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("open('data.txt', 'w')", "scratch_mb: 'data.txt'"),
        ("open('data/a.txt', 'a')", "scratch_mb: 'data/a.txt'"),
        ("open('/tmp/x', 'ab')", "OSError: [Errno 69] a handler can write files in /tmp only"),
        ("open('gone.txt')", "FileNotFoundError"),
        ("open('/etc/passwd')", "FileNotFoundError"),
        ("open('..' + '/..' * 9 + '/etc/passwd')", "PermissionError"),
        ("open('data')", "IsADirectoryError"),
        ("__import__('os').listdir('data/a.txt')", "NotADirectoryError"),
        ("open('data/a.txt', 'rb').write(b'')", "UnsupportedOperation: not writable"),
    ],
)
def test_what_cannot_be_done_with_files(
    python: Pythons, runs_body: Handler, code: str, error: str
) -> None:
    assert error in str(python.failure(runs_body, body=code.encode()))


def test_the_manifests_files_and_scratch_space(python: Pythons, tmp_path: Path) -> None:
    (tmp_path / "assets/data").mkdir(parents=True)
    (tmp_path / "assets/x.txt").write_text("an asset")
    (tmp_path / "assets/link").symlink_to("/etc/passwd")
    source = """
import os, pathlib, shutil, sqlite3, tempfile, zipfile
def error(call, *arguments):
    try: call(*arguments)
    except OSError as error: return error.strerror
def fetch(request):
    assets, work = pathlib.Path("/assets"), pathlib.Path("/tmp/a/b")
    found = [open("/assets/x.txt").read(), (assets / "x.txt").read_bytes().hex()]
    found += [sorted(os.listdir("/")), sorted(entry.name for entry in os.scandir("/assets"))]
    found += [os.path.isdir("/assets/data"), error(open, "/assets/link")]
    found += [error(open, "/assets/y", "w")]
    found += [os.listdir("/tmp"), error(os.mkdir, "/new"), error(open, "/assets/../../x")]
    work.mkdir(parents=True)
    with zipfile.ZipFile(work / "x.zip", "w") as file: file.writestr("inner", "zipped")
    found += [zipfile.ZipFile("/tmp/a/b/x.zip").read("inner").decode()]
    with tempfile.TemporaryDirectory() as place, tempfile.NamedTemporaryFile("w+") as file:
        file.write("hi"); file.seek(0)
        found += [place.startswith("/tmp/"), file.read()]
    database = sqlite3.connect("/tmp/x.sqlite")
    with database: database.execute("create table t as select 1 + 1 as n")
    found += [sqlite3.connect("/tmp/x.sqlite").execute("select n from t").fetchone()]
    found += [error(open("/tmp/large", "wb", 0).write, bytes(2 << 20))]
    shutil.rmtree("/tmp/a")
    os.symlink("x.sqlite", "/tmp/link")
    os.symlink("gone", "/tmp/broken")
    links = [pathlib.Path("/tmp", name) for name in ("link", "broken", "x.sqlite")]
    found += [[(link.is_symlink(), link.exists(), link.lstat().st_size < 9) for link in links]]
    return found
"""
    files = Files((Mount("/assets", tmp_path, "assets"),), 1 << 20)
    served = replace(python.handler({"main.py": source, "own.txt": ""}), files=files)
    for _ in range(2):  # the second request finds nothing of the first
        assert json.loads(python.fetch(served).body) == [
            *("an asset", b"an asset".hex(), ["assets", "main.py", "own.txt", "tmp"]),
            *(["data", "link", "x.txt"], True, "Operation not permitted"),
            *("Read-only file system", [], "Read-only file system", "Operation not permitted"),
            *("zipped", True, "hi", [2], "No space left on device"),
            [[True, True, True], [True, False, True], [False, True, False]],
        ]


def test_packages_are_imported_with_their_data_and_metadata(python: Pythons) -> None:
    files = {
        "main.py": """
import importlib.metadata, pack
def fetch(request): return [pack.WORDS, importlib.metadata.version("pack"), pack.__file__]
""",
        "site-packages/pack/__init__.py": """
from pathlib import Path
WORDS = (Path(__file__).parent / "words.txt").read_text()
""",
        "site-packages/pack/words.txt": "words",
        "site-packages/pack-1.2.dist-info/METADATA": "Name: pack\nVersion: 1.2\n",
    }
    found = json.loads(python.fetch(python.handler(files)).body)
    assert found == ["words", "1.2", "/site-packages/pack/__init__.py"]


def test_large_files_of_packages_are_whole(python: Pythons) -> None:
    """They lie compressed in the guest's memory, if that makes them smaller."""
    words, noise = "wörter " * 2000, random.Random(1).randbytes(3000)
    files: dict[str, str | bytes] = {
        "main.py": """
import hashlib, importlib, inspect, os, pack
def digest(content): return hashlib.sha256(content).hexdigest()
def fetch(request):
    folder = os.path.dirname(pack.__file__)
    later = importlib.import_module("pack.later")  # in the request
    with open(folder + "/words.txt", encoding="utf-8") as file:
        words = file.read()
    return {
        "words": digest(words.encode()),
        "noise": digest(open(folder + "/noise.bin", "rb").read()),
        "sizes": [os.stat(f"{folder}/{name}").st_size for name in ("words.txt", "noise.bin")],
        "later": later.LAST,
        "source": len(inspect.getsource(later)),
    }
""",
        "site-packages/pack/__init__.py": "",
        "site-packages/pack/later.py": "X = 1\n" * 1000 + "LAST = 7\n",
        "site-packages/pack/words.txt": words,
        "site-packages/pack/noise.bin": noise,
    }
    handler = python.handler(files)
    for _ in range(2):
        assert json.loads(python.fetch(handler).body) == {
            "words": hashlib.sha256(words.encode()).hexdigest(),
            "noise": hashlib.sha256(noise).hexdigest(),
            "sizes": [len(words.encode()), len(noise)],
            "later": 7,
            "source": 6009,
        }


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": "", "site-packages/noise.bin": random.Random(1).randbytes(48 << 20)},
        {"main.py": "kept = [bytes(1 << 20) for _ in range(48)]"},
    ],
    ids=["files", "objects"],
)
def test_too_little_memory_to_load_says_so(python: Pythons, files: dict[str, str | bytes]) -> None:
    with pytest.raises(CompilationError, match=r"MemoryError\n.*must fit memory_limit_mb"):
        python.handler(files)


def test_time_zones_are_there(python: Pythons) -> None:
    source = """
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones
def fetch(request):
    noon = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    return [noon.isoformat(), len(available_timezones()) > 400]
"""
    found = json.loads(python.fetch(python.handler(source)).body)
    assert found == ["2026-07-01T12:00:00+02:00", True]


LACKING = [
    ("import socket; socket.socket()", "OSError: [Errno 58] a handler has no sockets"),
    ("import socket; socket.getaddrinfo('a', 1)", "a handler has no sockets"),
    ("import socket; socket.create_connection(('a', 80))", "a handler has no sockets"),
    ("import subprocess; subprocess.run(['ls'])", "a handler cannot start processes"),
    ("import os; os.system('ls')", "a handler cannot start processes"),
    ("import threading; threading.Thread().start()", "a handler has one thread"),
    (
        "from concurrent.futures import ThreadPoolExecutor as T; T().submit(print)",
        "a handler has one thread",
    ),
    ("import asyncio; asyncio.run(asyncio.to_thread(print))", "a handler has one thread"),
    ("import asyncio; asyncio.run(asyncio.open_connection('a', 1))", "a handler has no sockets"),
    ("import asyncio; asyncio.run(asyncio.Event().wait())", "can never happen"),
]


def test_what_wasi_lacks_says_why(python: Pythons) -> None:
    functions = "".join(f"def f{n}():\n    {code}\n" for n, (code, _) in enumerate(LACKING))
    handler = python.handler(functions + "def fetch(request): globals()[request.query['f']]()")
    for number, (code, error) in enumerate(LACKING):
        failure = python.failure(handler, QUERY_STRING=f"f=f{number}")
        assert error in str(failure), code


def test_asyncio_run(python: Pythons) -> None:
    source = """
import asyncio
async def slow(n):
    await asyncio.sleep(0.01 * n)
    return n
async def main():
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(slow(n)) for n in (2, 1)]
    try:
        async with asyncio.timeout(0.01):
            await slow(100)
    except TimeoutError:
        tasks.append(None)
    return [task and task.result() for task in tasks]
def fetch(request):
    return [asyncio.run(main()), asyncio.run(slow(0))]
"""
    assert json.loads(python.fetch(python.handler(source)).body) == [[2, 1, None], 0]


# ---- on disk -------------------------------------------------------------------------------------


def write(folder: Path, *names: str, text: str = "") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or name)


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    write(tmp_path, "hello/main.py", "hello/templates/a.html", "hello/lib/b.py", "hello.toml")
    write(tmp_path, "hello/.hidden", "hello/__pycache__/c.pyc", "other.py")
    write(tmp_path, "hello/site-packages/own/d.py", "hello/site-packages/own/d.so")
    write(tmp_path, "hello/site-packages/both/new.py", "site-packages/both/old.py")
    write(tmp_path, "site-packages/all/e.py", "hello/site-packages/own-1.dist-info/RECORD")
    bundle = read_bundle(tmp_path / "hello/main.py")
    assert bundle.entry == "main.py"
    assert sorted(bundle.files) == [
        "lib/b.py",
        "main.py",
        "site-packages/all/e.py",
        "site-packages/both/new.py",
        "site-packages/own-1.dist-info/RECORD",
        "site-packages/own/d.py",
        "templates/a.html",
    ]
    watched = list_files(tmp_path / "hello/main.py")
    assert [path.relative_to(tmp_path).as_posix() for path in watched] == [
        "hello/main.py",
        "hello/lib/b.py",
        "hello/templates/a.html",
        "hello/site-packages/own-1.dist-info/RECORD",
    ]


def test_a_file_sees_the_packages_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path, "hello.py", "other.py", "site-packages/all/e.py", "data.txt")
    assert sorted(read_bundle(tmp_path / "hello.py").files) == [
        "hello.py",
        "site-packages/all/e.py",
    ]


def test_a_link_leads_nowhere_outside(tmp_path: Path) -> None:
    write(tmp_path, "secret.txt", "hello/main.py", "hello/inside.txt")
    (tmp_path / "hello/out.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "hello/folder").symlink_to(tmp_path)
    (tmp_path / "hello/in.txt").symlink_to(tmp_path / "hello/inside.txt")
    found = read_bundle(tmp_path / "hello/main.py").files
    assert sorted(found) == ["in.txt", "inside.txt", "main.py"]


def test_limits_of_a_handlers_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "hello/main.py", "hello/a.txt", "hello/site-packages/b.py")
    entry = tmp_path / "hello/main.py"
    monkeypatch.setattr(sources, "MAX_FILES", 1)
    with pytest.raises(InvalidHandler, match="its folder has more than 1 files"):
        read_bundle(entry)
    monkeypatch.setattr(sources, "MAX_FILES", 9)
    monkeypatch.setattr(sources, "MAX_BYTES", 20)
    with pytest.raises(InvalidHandler, match=r"its files have 24 bytes; allowed are 20"):
        read_bundle(entry)
    monkeypatch.setattr(sources, "MAX_BYTES", 24)
    monkeypatch.setattr(sources, "MAX_PACKAGES_BYTES", 3)
    with pytest.raises(InvalidHandler, match=r"its packages have 24 bytes; allowed are 3"):
        read_bundle(entry)
    (tmp_path / "hello/main.py").write_bytes(b"\xff")
    with pytest.raises(InvalidHandler, match=r"main\.py: not UTF-8 at byte 0"):
        read_bundle(entry)


def test_a_missing_package_says_how_to_get_it(python: Pythons) -> None:
    with pytest.raises(CompilationError, match=r"No module named 'gone'\n.*nexus vendor"):
        python.handler("import gone.sub")
