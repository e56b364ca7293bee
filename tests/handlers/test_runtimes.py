"""Which build of QuickJS the settings give, and how it is entered."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from nexus.errors import CompilationError, ConfigError
from nexus.guest.js.runtime import FUNCTIONS, load_runtime
from nexus.handlers.runtimes import EVALUATED, check_reactor, pinned_runtime, runtime_of
from nexus.wasm import RewriteLimits, rewrite
from tests import support
from tests.scripts_evaluated.builds import stripped


def written(folder: Path, wasm: bytes) -> tuple[str, str]:
    path = folder / "quickjs.wasm"
    path.write_bytes(wasm)
    return str(path), hashlib.sha256(wasm).hexdigest()


def test_nothing_said_is_the_pinned_one() -> None:
    assert runtime_of("", "") is pinned_runtime


def test_a_build_with_names_is_entered_by_them(tmp_path: Path) -> None:
    module = runtime_of(*written(tmp_path, load_runtime()))()
    assert (module.abi, module.functions) == ("js", FUNCTIONS)


def test_a_build_without_is_evaluated(tmp_path: Path) -> None:
    wasm = stripped(load_runtime())
    module = runtime_of(*written(tmp_path, wasm))()
    assert (module.source, module.abi, module.functions) == (wasm, EVALUATED, ())


def test_what_is_not_there_or_another(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.wasm")
    with pytest.raises(ConfigError, match=r"javascript_runtime: cannot read .*gone.wasm \(No such"):
        runtime_of(gone, "0" * 64)
    path, digest = written(tmp_path, b"another")
    with pytest.raises(ConfigError, match=f"_sha256: found {'0' * 64}, .*quickjs.wasm, {digest}"):
        runtime_of(path, "0" * 64)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(module (memory 1))", "lacks the exports _initialize, malloc, qjs_init_argv"),
        (
            """(module (memory (export "memory") 1) (func (export "_initialize"))
              (func (export "malloc") (param i32) (result i32) i32.const 0)
              (func (export "qjs_init_argv") (param i64 i32) (result i32) i32.const 0))""",
            "lacks the exports qjs_init_argv, or they have other types",
        ),
        (
            """(module (import "env" "f" (func)) (memory (export "memory") 1)
              (func (export "_initialize"))
              (func (export "malloc") (param i32) (result i32) i32.const 0)
              (func (export "qjs_init_argv") (param i32 i32) (result i32) i32.const 0))""",
            "imports an unknown function: env.f",
        ),
    ],
)
def test_what_is_no_reactor_of_quickjs(text: str, words: str) -> None:
    engine = support.engine(*support.QUICK_ENGINES[0])
    _, info = rewrite(engine.wat_to_wasm(text), RewriteLimits(memory_pages=4))
    with pytest.raises(CompilationError, match=words):
        check_reactor(info)
