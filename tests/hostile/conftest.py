"""A worker's service that has loaded the whole corpus, as far as that can be loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus import config
from nexus.compiler.compiler import Compiler
from nexus.engines.frames import measured
from nexus.model import Compiled
from nexus.plugin_api.engine import Engine
from nexus.service import Service
from nexus.wasm import RewriteLimits, rewrite
from tests.support import ABIS

from . import bombs
from .case import Case
from .corpus import CASES, INNOCENT

IN_THE_CHILD = frozenset(case.name for case in bombs.CASES)
"""what attacks the compiler is compiled by its child process, as in production; what attacks the
engine or the host functions is compiled here, which takes a hundredth of the time"""


class MixedCompiler:
    def __init__(self, real: Compiler, engine: Engine) -> None:
        self._real, self._engine = real, engine

    def compile(self, path: Path, memory_bytes: int) -> Compiled:
        if path.stem in IN_THE_CHILD:
            return self._real.compile(path, memory_bytes)
        wasm = path.read_bytes()
        if path.suffix == ".wat":
            wasm = self._engine.wat_to_wasm(wasm.decode())
        limits = RewriteLimits(memory_pages=memory_bytes >> 16)
        in_place = self._engine.compiler == "cranelift"  # as in production
        rewritten, info = rewrite(wasm, limits, in_place=in_place)
        abi = ABIS.recognise(info.imports, info.exports)
        artifact = self._engine.compile(rewritten)
        return Compiled(path.stem, artifact, measured(info, artifact), abi)

    def takes_long(self, path: Path, memory_bytes: int) -> bool:
        return False


def write(case: Case, folder: Path) -> None:
    binary = isinstance(case.module, bytes)
    path = folder / f"{case.name}.{'wasm' if binary else 'wat'}"
    path.write_bytes(case.module if isinstance(case.module, bytes) else case.module.encode())
    if case.manifest:
        path.with_suffix(".toml").write_text(case.manifest)


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("handlers")
    environ = {
        "NEXUS_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "NEXUS_COMPILER": "cranelift",
        "NEXUS_HANDLERS_DIR": str(folder),
    }
    for case in (*CASES, INNOCENT):
        write(case, folder)
    service = Service(config.load({}, environ, folder).settings, None)
    mixed = MixedCompiler(service.compiler, service.engine)
    service.handlers._compiler = mixed  # type: ignore[assignment]
    service.start_with(folder)
    yield service
    service.stop(grace_s=5.0)
