"""Modules with newer features, as binaries: each engine runs them, or refuses them in one way."""

from __future__ import annotations

import pytest

from nexus.compiler.assemble import metered
from nexus.errors import CompilationError, InvalidModule
from nexus.model import FuncType
from nexus.plugin_api.abi import Module
from nexus.plugin_api.engine import Engine, HostFunction
from nexus.wasm.format.names import CHECKPOINT
from tests import support
from tests.wasm.support import wat

EXITS = '(import "host" "exit" (func $exit (param i32))) (memory (export "memory") 1)'
REFUSED = {
    "exceptions": f"""(module {EXITS} (tag $odd)
      (func (export "_start")
        (block $caught (try_table (catch $odd $caught) (throw $odd)) unreachable)
        (call $exit (i32.const 7))))""",
    "extended constant expressions": f"""(module {EXITS}
      (global $seven i32 (i32.add (i32.const 3) (i32.const 4)))
      (func (export "_start") (call $exit (global.get $seven))))""",
    "tail calls": f"""(module {EXITS}
      (func $leave (param i32) (return_call $exit (local.get 0)))
      (func (export "_start") (return_call $leave (i32.const 7))))""",
}
POPCNT = f"""(module {EXITS}
  (func (export "_start")
    (call $exit (i8x16.extract_lane_u 9 (i8x16.popcnt (i8x16.splat (i32.const 0x7f)))))))"""


@pytest.fixture(params=support.ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)


@pytest.mark.parametrize("feature", REFUSED)
def test_what_cannot_be_metered_is_refused_by_name(engine: Engine, feature: str) -> None:
    with pytest.raises(InvalidModule, match=rf"^{feature}.*: not supported \(at byte 0x"):
        metered(Module(wat(REFUSED[feature])), engine, 64)


def test_text_that_the_assembler_is_too_old_for(engine: Engine) -> None:
    """wasmer's is of 2021; its message says so, and what to do."""
    with pytest.raises(InvalidModule) as caught:
        metered(Module(REFUSED["exceptions"].encode(), is_text=True), engine, 64)
    if engine.name == "wasmer":
        assert "wasmer's assembler knows the text format of 2021" in str(caught.value)
    else:
        assert str(caught.value).startswith("exceptions")


def test_simds_latest_instructions(engine: Engine) -> None:
    """All compilers know them but wasmer's Cranelift, which `auto` then leaves for LLVM."""
    rewritten, info = metered(Module(wat(POPCNT)), engine, 64)
    if (engine.name, engine.compiler) == ("wasmer", "cranelift"):
        with pytest.raises(CompilationError, match="proposed simd operator I8x16Popcnt"):
            engine.compile(rewritten)
        return
    codes: list[int] = []
    functions = {
        CHECKPOINT: HostFunction(FuncType(("i64",), ("i64",)), lambda left: 1_000_000),
        **support.functions(exit=(FuncType(("i32",)), codes.append)),
    }
    instance = engine.load(engine.compile(rewritten), info, functions).instantiate()
    instance.set_fuel(1_000_000)
    instance.set_depth(100)
    instance.call("_start")
    assert codes == [7]
