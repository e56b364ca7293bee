"""Handlers whose language runtime takes long to compile hold up no others, and keep serving."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nexus.errors import CompilationError
from nexus.handlers.settling import ClaimsFile
from nexus.handlers.sources import source_at
from nexus.model import Compiled, Limits, ModuleInfo
from nexus.service.handlers import Handlers
from nexus.versions.deployed import Deployed
from tests.support import ABIS

INFO = ModuleInfo((), (), 1, 1, True, (), None, False, 1, 100, 8)


class Compiler:
    """Takes for `slow.py` until it may go on; `asked` is set when it is asked for that."""

    def __init__(self) -> None:
        self.asked, self.may_go_on = threading.Event(), threading.Event()

    def takes_long(self, path: Path, memory_bytes: int) -> bool:
        return path.name == "slow.py"

    def is_outdated(self, path: Path, memory_bytes: int, compiled: Compiled) -> bool:
        return False

    def compile(self, path: Path, memory_bytes: int) -> Compiled:
        if path.name == "slow.py":
            self.asked.set()
            assert self.may_go_on.wait(20)
        return Compiled(path.name, b"", INFO, "wasi")


@pytest.fixture
def compiler() -> Compiler:
    return Compiler()


@pytest.fixture
def handlers(tmp_path: Path, compiler: Compiler) -> Iterator[Handlers]:
    for name in ("quick.wat", "slow.py"):
        (tmp_path / name).write_text("")
    parts: Any = SimpleNamespace(
        limits=Limits(),
        abis=ABIS,
        compiler=compiler,
        tiers=None,
        engine=SimpleNamespace(name="none", compiler="none"),
        pool=SimpleNamespace(retain=lambda compiled: None),
        metrics=SimpleNamespace(serving=lambda handlers: None),
    )
    made = Handlers(parts, tmp_path, 0, ClaimsFile(None))
    yield made
    compiler.may_go_on.set()
    made.close()


def names(handlers: Handlers) -> list[str]:
    return sorted(handlers.catalogue.handlers)


def test_the_others_serve_meanwhile(handlers: Handlers, compiler: Compiler) -> None:
    loading = threading.Thread(target=handlers.load_folder, args=(handlers._watcher._folder,))
    loading.start()
    assert compiler.asked.wait(20)
    assert (handlers.loaded, names(handlers)) == (True, ["quick"])
    assert handlers.is_pending("/slow")
    assert handlers.is_pending("/slow/below")
    assert not handlers.is_pending("/slower")
    assert not handlers.is_pending("/quick")
    compiler.may_go_on.set()
    loading.join(20)
    assert names(handlers) == ["quick", "slow"]
    assert not handlers.is_pending("/slow")


def test_what_serves_goes_on_while_it_is_compiled_again(
    handlers: Handlers, compiler: Compiler
) -> None:
    """The cache may have lost the runtime's code since."""
    folder = handlers._watcher._folder
    compiler.may_go_on.set()
    handlers.load_folder(folder)
    compiler.asked.clear()
    compiler.may_go_on.clear()
    handlers.set_limits(replace(Limits(), memory_bytes=1 << 20))
    loading = threading.Thread(target=handlers.load_folder, args=(folder,))
    loading.start()
    assert compiler.asked.wait(20)
    assert names(handlers) == ["quick", "slow"]
    assert not handlers.is_pending("/slow")
    compiler.may_go_on.set()
    loading.join(20)
    found = handlers.catalogue.handlers["slow"]
    assert found.limits.memory_bytes == 1 << 20


def test_a_version_that_did_not_load_is_tried_again(
    handlers: Handlers, compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It loaded where it was deployed, so this worker had too little time or memory."""
    monkeypatch.setattr("nexus.service.handlers.RETRY_S", 0.01)
    compiler.may_go_on.set()
    handlers.start(None)
    assert handlers.wait_loaded(20)
    (tmp_path / "v").mkdir()
    (tmp_path / "v/h.wat").write_text("")
    compile, failures = compiler.compile, iter([CompilationError("no time")] * 3)

    def fail(path: Path, memory_bytes: int) -> Compiled:
        if path.name == "h.wat":  # `slow.py` may still be loading
            for error in failures:
                raise error
        return compile(path, memory_bytes)

    monkeypatch.setattr(compiler, "compile", fail)
    source = replace(source_at(tmp_path / "v/h.wat", ABIS), label="versions/h", version="v1")
    handlers.deploy([Deployed("h", source)])
    assert handlers.wait_deployed(20)
    deadline = time.monotonic() + 20
    while "h" not in names(handlers):
        assert time.monotonic() < deadline, "it was not tried again"
        time.sleep(0.01)  # between two looks; the deadline bounds them
    assert handlers.catalogue.problems == {}
