"""A newcomer never takes a name or a route from the handler that serves it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from nexus.errors import HandlerConflict
from nexus.handlers.catalogue import Catalogue, load_catalogue
from nexus.handlers.settling import ClaimsFile
from nexus.handlers.sources import find_sources
from nexus.model import Limits
from tests.support import ABIS, small_disk

from .test_catalogue import GOOD, OTHER, InProcess, compiler, load, write

__all__ = ["compiler"]

SAME = 'route = "/same"\n'


def routes(catalogue: Catalogue) -> dict[str, str]:
    return {handler.route: name for name, handler in catalogue.handlers.items()}


def test_a_newcomer_that_comes_first_by_name_is_the_problem(
    tmp_path: Path, compiler: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, b_wat=GOOD, b_toml=SAME)
    before = load(tmp_path, compiler)
    write(tmp_path, a_wat=GOOD, a_toml=SAME)
    after = load(tmp_path, compiler, before)
    assert after.handlers["b"] is before.handlers["b"]
    assert routes(after) == {"/same": "b"}
    assert list(after.problems) == ["a.wat"]
    assert isinstance(after.problems["a.wat"], HandlerConflict)
    said = "a.wat: route /same is taken by handler 'b' (b.wat)"
    assert [record.getMessage() for record in caplog.records] == [said]
    again = load(tmp_path, compiler, after)
    assert (routes(again), list(again.problems)) == ({"/same": "b"}, ["a.wat"])
    assert len(caplog.records) == 1
    (tmp_path / "b.wat").unlink()
    assert routes(load(tmp_path, compiler, again)) == {"/same": "a"}


def test_a_newcomer_of_the_same_name_is_the_problem(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wat=GOOD)
    before = load(tmp_path, compiler)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.js").write_text("x")  # comes first by name
    compile_module = compiler.compile
    compiler.compile = lambda path, memory: compile_module(  # type: ignore[method-assign]
        tmp_path / "a.wat", memory
    )
    after = load(tmp_path, compiler, before)
    assert after.handlers["a"] is before.handlers["a"]
    assert "another file is handler 'a' already: a.wat" in str(after.problems["a/index.js"])


@pytest.mark.parametrize("route", ["/b", "/metrics"])
def test_an_edit_that_takes_anothers_route_leaves_both_as_they_were(
    tmp_path: Path, compiler: InProcess, caplog: pytest.LogCaptureFixture, route: str
) -> None:
    write(tmp_path, a_wat=GOOD, b_wat=GOOD)
    before = load(tmp_path, compiler)
    write(tmp_path, a_wat=OTHER, a_toml=f'route = "{route}"\n')
    after = load(tmp_path, compiler, before)
    assert routes(after) == {"/a": "a", "/b": "b"}
    assert after.handlers == before.handlers
    assert list(after.problems) == ["a.wat"]
    assert "its last good version goes on serving" in caplog.text
    write(tmp_path, c_wat=GOOD, c_toml='route = "/a"\n')
    with_another = load(tmp_path, compiler, after)
    assert routes(with_another) == {"/a": "a", "/b": "b"}
    assert sorted(with_another.problems) == ["a.wat", "c.wat"]
    (tmp_path / "b.wat").unlink()
    cured = load(tmp_path, compiler, with_another)
    if route == "/b":
        assert routes(cured) == {"/b": "a", "/a": "c"}
        assert cured.handlers["a"].compiled.info.memory_min_pages == 2


def test_routes_may_be_swapped_at_once(tmp_path: Path, compiler: InProcess) -> None:
    write(tmp_path, a_wat=GOOD, b_wat=GOOD, c_wat=GOOD)
    before = load(tmp_path, compiler)
    write(tmp_path, a_toml='route = "/b"\n', b_toml='route = "/c"\n', c_toml='route = "/a"\n')
    after = load(tmp_path, compiler, before)
    assert (routes(after), after.problems) == ({"/b": "a", "/c": "b", "/a": "c"}, {})


# ---- other workers ------------------------------------------------------------------------------


def load_as_worker(
    folder: Path, compiler: InProcess, claims: Path, previous: Catalogue | None = None
) -> Catalogue:
    sources = find_sources(folder, ABIS)
    return load_catalogue(sources, compiler, Limits(), previous, ClaimsFile(claims))


def test_a_worker_that_starts_later_comes_to_the_same_result(
    tmp_path: Path, compiler: InProcess
) -> None:
    folder, claims = tmp_path / "handlers", tmp_path / "claims.json"
    folder.mkdir()
    write(folder, b_wat=GOOD, b_toml=SAME)
    first = load_as_worker(folder, compiler, claims)
    write(folder, a_wat=GOOD, a_toml=SAME)
    first = load_as_worker(folder, compiler, claims, first)
    second = load_as_worker(folder, compiler, claims)
    assert routes(first) == routes(second) == {"/same": "b"}
    (folder / "b.wat").unlink()
    second = load_as_worker(folder, compiler, claims, second)
    write(folder, b_wat=GOOD)
    first = load_as_worker(folder, compiler, claims, first)  # did not see that it was gone
    second = load_as_worker(folder, compiler, claims, second)
    assert routes(first) == routes(second) == {"/same": "a"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": ["b"]}'])
def test_claims_that_cannot_be_read_are_none(
    tmp_path: Path, compiler: InProcess, text: str
) -> None:
    folder, claims = tmp_path / "handlers", tmp_path / "claims.json"
    folder.mkdir()
    write(folder, a_wat=GOOD)
    claims.write_text(text)
    assert routes(load_as_worker(folder, compiler, claims)) == {"/a": "a"}
    assert claims.read_text() == '{"a.wat": ["a", "/a"]}'


def test_without_a_place_for_claims_handlers_serve_all_the_same(
    tmp_path: Path, compiler: InProcess
) -> None:
    folder = tmp_path / "handlers"
    folder.mkdir()
    write(folder, a_wat=GOOD)
    assert routes(load_as_worker(folder, compiler, tmp_path / "nowhere" / "x")) == {"/a": "a"}
    with small_disk(tmp_path / "disk", "4k") as disk:
        (disk / "ballast").write_bytes(bytes(4096))
        assert routes(load_as_worker(folder, compiler, disk / "claims.json")) == {"/a": "a"}


def test_workers_decide_one_after_the_other(tmp_path: Path) -> None:
    claims, inside, most = ClaimsFile(tmp_path / "claims.json"), [0], [0]

    def decide(number: int) -> None:
        with claims.held({}) as held:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            held[f"{number}.wat"] = ("x", "/x")
            inside[0] -= 1

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with claims.held({}) as held:
        assert len(held) == 20
    assert most == [1]
