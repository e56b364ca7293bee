"""The catalogue of a folder: one bad handler never stops the others."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from nexus.compiler.assemble import to_wasm
from nexus.engines.frames import measured
from nexus.errors import (
    EngineUnavailable,
    HandlerConflict,
    InvalidHandler,
    InvalidModule,
    ManifestError,
)
from nexus.guest import Abis, built_in_abis
from nexus.guest.wasi.abi import MAX_MODULE_BYTES
from nexus.handlers.catalogue import Catalogue, about, load_catalogue
from nexus.handlers.routes import RESERVED_ROUTES, Routes
from nexus.handlers.sources import find_orphans, find_sources, handler_at
from nexus.model import Compiled, Limits
from nexus.plugin_api.abi import AbiBase, ModuleProgram
from nexus.wasm import RewriteLimits, rewrite
from tests import support
from tests.support import ABIS

GOOD = '(module (memory (export "memory") 1) (func (export "_start")))'
OTHER = '(module (memory (export "memory") 2) (func (export "_start")))'
ENGINE = support.engine(*support.QUICK_ENGINES[0])


class InProcess:
    """What the compiler child does, here; remembers what it was asked for."""

    def __init__(self) -> None:
        self.compiled: list[str] = []

    def is_outdated(self, path: Path, memory_bytes: int, compiled: Compiled) -> bool:
        return False

    def compile(self, path: Path, memory_bytes: int) -> Compiled:
        self.compiled.append(path.name)
        program = ABIS.read(path)
        assert isinstance(program, ModuleProgram)
        source = program.module.source
        wasm = to_wasm(source, ENGINE) if program.module.is_text else source
        rewritten, info = rewrite(wasm, RewriteLimits(memory_bytes // support.PAGE))
        key = hashlib.sha256(source).hexdigest()
        artifact = ENGINE.compile(rewritten)
        return Compiled(
            key, artifact, measured(info, artifact), ABIS.recognise(info.imports, info.exports)
        )


@pytest.fixture
def compiler() -> InProcess:
    return InProcess()


def write(folder: Path, **files: str | bytes) -> None:
    """`a_wat=...` writes `a.wat`."""
    for name, content in files.items():
        stem, _, suffix = name.rpartition("_")
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{stem}.{suffix}").write_bytes(data)


def load(folder: Path, compiler: InProcess, previous: Catalogue | None = None) -> Catalogue:
    return load_catalogue(find_sources(folder, ABIS), compiler, Limits(), previous)


def test_dot_files_are_passed_over(tmp_path: Path, compiler: InProcess) -> None:
    """Editors, file managers and archives leave them beside the files they are about."""
    write(tmp_path, hello_wat=GOOD)
    for name in (".#hello.js", "._hello.wasm", ".hello.wat", ".toml", ".hello.toml"):
        (tmp_path / name).write_text("no handler")
    (tmp_path / ".#other.wat").symlink_to("nobody@nowhere:1")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index.js").write_text("no handler")
    catalogue = load(tmp_path, compiler)
    assert (list(catalogue.handlers), catalogue.problems) == (["hello"], {})
    assert find_orphans(tmp_path, find_sources(tmp_path, ABIS), ABIS) == {}


BAD = {
    "cut.wasm": (b"\0asm\1\0\0\0\1\5", InvalidModule),
    "text.wasm": (b"hello", InvalidModule),
    "empty.wasm": (b"", InvalidModule),
    "syntax.wat": (b"(module (", InvalidModule),
    "latin.wat": (b"(module) ;; \xe9", InvalidModule),
    "imports.wat": (b'(module (import "env" "f" (func)) (func (export "_start")))', InvalidHandler),
    "entry.wat": (b"(module)", InvalidHandler),
    "two.wat": (b'(module (memory 1) (memory 1) (func (export "_start")))', InvalidModule),
    "imported.wat": (
        b'(module (import "env" "m" (memory 1)) (func (export "_start")))',
        InvalidHandler,
    ),
    "huge.wat": (b'(module (memory 65536) (func (export "_start")))', InvalidModule),
    "bad name.wat": (GOOD.encode(), InvalidHandler),
}


@pytest.mark.parametrize("file", BAD)
def test_one_bad_of_ten_leaves_nine(
    tmp_path: Path, compiler: InProcess, file: str, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(9):
        write(tmp_path, **{f"good{number}_wat": GOOD})
    content, expected = BAD[file]
    (tmp_path / file).write_bytes(content)
    found = load(tmp_path, compiler)
    assert sorted(found.handlers) == [f"good{n}" for n in range(9)]
    assert found.problems.keys() == {file}
    assert isinstance(found.problems[file], expected)
    assert f"{file}: {found.problems[file]}" in caplog.text
    assert all(found.routes.find(f"/good{n}/below") for n in range(9))


def test_a_bad_manifest_is_its_handlers_only(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wat=GOOD, b_wat=GOOD, b_toml='timeout = "5s"\n')
    found = load(tmp_path, compiler)
    assert list(found.handlers) == ["a"]
    problem = found.problems["b.wat"]
    assert isinstance(problem, ManifestError)
    assert "b.toml: timeout" in str(problem)


def test_an_unreadable_file_is_its_handlers_only(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wat=GOOD, b_wat=GOOD)
    sources = find_sources(tmp_path, ABIS)
    (tmp_path / "b.wat").unlink()
    found = load_catalogue(sources, compiler, Limits())
    assert list(found.handlers) == ["a"]
    assert "cannot read" in str(found.problems["b.wat"])


def test_a_handlers_folder_names_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    with pytest.raises(InvalidHandler, match=r"site is a folder without index.js .* site.toml"):
        handler_at(tmp_path / "site", ABIS)
    index = tmp_path / "site" / "index.js"
    index.write_text("")
    monkeypatch.chdir(index.parent)
    for path in index.parent, index, Path("."):
        found = handler_at(path, ABIS)
        assert (found.name, found.path.resolve(), found.is_static) == ("site", index, False)


class Failing(AbiBase):
    """An ABI of a plugin that fails on each of its files, at the step in the file's name."""

    name = "failing"
    suffixes = (".fail",)

    def files(self, entry: Path) -> list[Path]:
        if entry.stem == "files":
            raise SystemExit("bye")
        return [entry]

    def read(self, entry: Path) -> ModuleProgram:
        if entry.stem == "runtime":
            raise EngineUnavailable("its runtime is not installed")
        raise SystemExit("bye")


def test_an_abi_that_fails_fails_its_own_handlers_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: InProcess
) -> None:
    abis = Abis([Failing(), *built_in_abis()])
    monkeypatch.setattr(sys.modules[__name__], "ABIS", abis)
    write(tmp_path, good_wat=GOOD, files_fail="", read_fail="", runtime_fail="")
    found = load_catalogue(find_sources(tmp_path, abis), compiler, Limits())
    assert [*found.handlers] == ["good"]
    assert {file: str(problem) for file, problem in found.problems.items()} == {
        "files.fail": "guest ABI failing failed with SystemExit: bye",
        "read.fail": "guest ABI failing failed with SystemExit: bye",
        "runtime.fail": "its runtime is not installed",
    }


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("a.js", "it is too large", "a.js: it is too large"),
        ("a.js", "a.js:3:7: SyntaxError", "a.js:3:7: SyntaxError"),
        ("a.js", "a.js: it needs a default export", "a.js: it needs a default export"),
        ("a.js", "a.json:1:1: SyntaxError", "a.js: a.json:1:1: SyntaxError"),
        ("a.js", "a.toml: zz: found 3", "a.js: a.toml: zz: found 3"),
        ("shop/main.py", "main.py: while it was loaded", "shop/main.py: while it was loaded"),
        (
            "shop/main.py",
            "cart.py: not UTF-8 at byte 1",
            "shop/main.py: cart.py: not UTF-8 at byte 1",
        ),
        ("shop/index.js", "shop/index.js:1:2: Error", "shop/index.js:1:2: Error"),
    ],
)
def test_a_problem_names_its_file_once(file: str, text: str, line: str) -> None:
    assert about(file, InvalidHandler(text)) == line


def test_the_log_names_each_file_once(
    tmp_path: Path, compiler: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """As each ABI says what is wrong with a file."""
    bad = {"latin_py": b"\xff", "none_wat": b"(module)", "cut_wasm": b"x"}
    write(tmp_path, **bad)
    (tmp_path / "large.wasm").touch()
    os.truncate(tmp_path / "large.wasm", MAX_MODULE_BYTES + 1)
    load_catalogue(find_sources(tmp_path, ABIS), compiler, Limits())
    for name in ("latin.py", "none.wat", "cut.wasm", "large.wasm"):
        (line,) = (line for line in caplog.messages if line.startswith(f"{name}: "))
        assert line.count(name) == 1


def test_the_manifest_is_the_handlers(tmp_path: Path, compiler: InProcess) -> None:
    manifest = 'route = "/x/y"\nmethods = ["GET"]\ntimeout_ms = 70\nmax_concurrency = 3\n'
    manifest += "priority = 9\n"
    write(tmp_path, a_wat=GOOD, a_toml=manifest)
    handler = load(tmp_path, compiler).handlers["a"]
    assert (handler.route, handler.methods, handler.max_concurrency) == (
        "/x/y",
        frozenset({"GET"}),
        3,
    )
    assert (handler.limits.timeout_s, handler.limits.cpu_timeout_s) == (0.07, 0.07)
    assert handler.priority == 9


def test_the_memory_limit_is_what_is_compiled_for(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wat=GOOD, a_toml="memory_limit_mb = 2\n")
    assert load(tmp_path, compiler).handlers["a"].compiled.info.memory_max_pages == 32


def test_only_what_changed_is_compiled_again(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wat=GOOD, b_wat=GOOD, bad_wat="(module")
    first = load(tmp_path, compiler)
    compiler.compiled.clear()
    write(tmp_path, b_wat=OTHER)
    second = load(tmp_path, compiler, first)
    assert compiler.compiled == ["b.wat"]
    assert second.handlers["a"] is first.handlers["a"]
    assert second.handlers["b"] is not first.handlers["b"]
    assert second.problems == first.problems


def test_a_changed_manifest_is_a_change(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wat=GOOD)
    first = load(tmp_path, compiler)
    write(tmp_path, a_toml="timeout_ms = 9\n")
    second = load(tmp_path, compiler, first)
    assert second.handlers["a"].limits.timeout_s == 0.009
    (tmp_path / "a.toml").unlink()
    assert load(tmp_path, compiler, second).handlers["a"].limits.timeout_s == 5.0


def test_other_defaults_compile_only_where_memory_differs(
    tmp_path: Path, compiler: InProcess
) -> None:
    write(tmp_path, plain_wat=GOOD, own_wat=OTHER, own_toml="timeout_ms = 700\nmemory_limit_mb = 8")
    before = load(tmp_path, compiler)
    compiler.compiled.clear()
    longer = Limits(timeout_s=9.0, cpu_timeout_s=9.0, max_host_calls=3)
    after = load_catalogue(find_sources(tmp_path, ABIS), compiler, longer, before)
    assert compiler.compiled == []
    assert after.handlers["plain"].limits == longer
    assert after.handlers["plain"].compiled is before.handlers["plain"].compiled
    own = after.handlers["own"].limits
    assert (own.timeout_s, own.cpu_timeout_s, own.max_host_calls) == (0.7, 0.7, 3)
    again = load_catalogue(find_sources(tmp_path, ABIS), compiler, longer, after)
    assert again.handlers["plain"] is after.handlers["plain"]
    larger = Limits(memory_bytes=64 << 20)
    grown = load_catalogue(find_sources(tmp_path, ABIS), compiler, larger, again)
    assert compiler.compiled == ["plain.wat"]
    assert grown.handlers["own"].limits.memory_bytes == 8 << 20


@pytest.mark.parametrize("edit", [{"a_wat": "(module"}, {"a_toml": "nonsense = 1\n"}])
def test_a_broken_edit_keeps_the_last_good_version(
    tmp_path: Path, compiler: InProcess, edit: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, a_wat=GOOD)
    first = load(tmp_path, compiler)
    write(tmp_path, **edit)
    broken = load(tmp_path, compiler, first)
    assert broken.handlers == first.handlers
    assert list(broken.problems) == ["a.wat"]
    assert "its last good version goes on serving" in caplog.text
    still = load(tmp_path, compiler, broken)
    assert (still.handlers, still.problems) == (broken.handlers, broken.problems)
    assert len(caplog.records) == 1
    write(tmp_path, a_wat=OTHER, a_toml="")
    cured = load(tmp_path, compiler, still)
    assert not cured.problems
    assert cured.handlers["a"].compiled.info.memory_min_pages == 2


def test_a_handler_that_is_gone_is_gone(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wat=GOOD, b_wat="(module")
    first = load(tmp_path, compiler)
    (tmp_path / "a.wat").unlink()
    (tmp_path / "b.wat").unlink()
    second = load(tmp_path, compiler, first)
    assert (second.handlers, second.problems, second.loaded) == ({}, {}, {})
    assert second.routes.find("/a") is None


@pytest.mark.parametrize("first", ["a", "b"])
def test_two_with_one_route_settle_when_one_goes(
    tmp_path: Path, compiler: InProcess, first: str
) -> None:
    """Whichever of the two goes: the other serves, without a compilation."""
    same = 'route = "/same"\n'
    write(tmp_path, a_wat=GOOD, a_toml=same, b_wat=GOOD, b_toml=same)
    found = load(tmp_path, compiler)
    assert list(found.handlers) == ["a"]
    assert isinstance(found.problems["b.wat"], HandlerConflict)
    assert "route /same is taken by handler 'a'" in str(found.problems["b.wat"])
    compiler.compiled.clear()
    (tmp_path / f"{first}.wat").unlink()
    settled = load(tmp_path, compiler, found)
    assert not settled.problems
    assert [h.name for h in settled.handlers.values()] == ["b" if first == "a" else "a"]
    assert compiler.compiled == []


def test_two_files_of_one_name_settle_too(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wasm=ENGINE.wat_to_wasm(OTHER), a_wat=GOOD)
    found = load(tmp_path, compiler)
    assert found.handlers["a"].compiled.info.memory_min_pages == 2
    assert "another file is handler 'a' already" in str(found.problems["a.wat"])
    (tmp_path / "a.wasm").unlink()
    settled = load(tmp_path, compiler, found)
    assert not settled.problems
    assert settled.handlers["a"].compiled.info.memory_min_pages == 1


@pytest.mark.parametrize("reserved", RESERVED_ROUTES)
@pytest.mark.parametrize("below", ["", "/below"])
def test_our_own_routes_are_reserved(
    tmp_path: Path, compiler: InProcess, reserved: str, below: str
) -> None:
    write(tmp_path, a_wat=GOOD, a_toml=f'route = "{reserved}{below}"\n', b_wat=GOOD)
    write(tmp_path, c_wat=GOOD, c_toml=f'route = "{reserved}x"\n')
    found = load(tmp_path, compiler)
    assert sorted(found.handlers) == ["b", "c"]
    assert f"route {reserved}{below} is reserved" in str(found.problems["a.wat"])


def test_what_is_no_handler_is_left_alone(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, README_md="x", a_toml="x", b_txt="x", c_wat=GOOD)
    (tmp_path / "folder.wat").mkdir()
    assert list(load(tmp_path, compiler).handlers) == ["c"]


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidHandler, match=r"cannot read the handlers folder .*gone"):
        find_sources(tmp_path / "gone", ABIS)


def test_the_longest_route_wins() -> None:
    find = Routes({"/": "root", "/a": "a", "/a/b/c": "deep"}).find
    assert {path: find(path) for path in ("/a", "/a/", "/a/x", "/a/b", "/a/b/c", "/a/b/c/d")} == {
        "/a": "a",
        "/a/": "a",
        "/a/x": "a",
        "/a/b": "a",
        "/a/b/c": "deep",
        "/a/b/c/d": "deep",
    }
    assert [find(path) for path in ("/", "/ab", "", "*", "//a", "/A")] == ["root"] * 6
    assert find("/any/where") == "root"
    assert Routes({"/a": "a"}).find("/ab") is None
    assert Routes({}).find("/") is None


def test_a_handler_at_the_root_gets_all_but_our_own_paths() -> None:
    found = Routes({"/": "root"})
    assert [found.find(path) for path in ("/", "/x", "/v10", "/healthz2")] == ["root"] * 4
    assert [found.find(path) for path in ("/v1", "/v1/x", "/healthz", "/metrics")] == [None] * 4
