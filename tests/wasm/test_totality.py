"""Any bytes give a result or InvalidModule; and an invalid module never becomes a valid one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.errors import InvalidModule

from .support import LIMITS, is_valid, rewrite, wat
from .test_module_info import FULL
from .test_renumbering import ELEMENTS, module

SEEDS = [
    wat(FULL),
    *(wat(module(kind)) for kind in ELEMENTS),
    wat("""(module (memory 1 3) (data $d "abc") (global $g (mut i64) (i64.const 5))
      (table $t 3 externref) (type $two (func (param i32 i32) (result i32 i32)))
      (func (export "a") (param i32) (result i32) (local i64 v128 f32)
        (loop $l (br_if $l (i32.load8_u offset=300 (local.get 0))))
        (block (block (block (br_table 0 1 2 1 (local.get 0))) (nop)) (call $b))
        (memory.init $d (i32.const 0) (i32.const 0) (i32.const 2))
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 99))
        (local.set 2 (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
          (v128.load8_lane 3 (local.get 0) (local.get 2)) (v128.const i64x2 1 2)))
        (drop (select (result externref) (ref.null extern) (table.get $t (i32.const 0))
          (memory.grow (i32.const 1))))
        (if (result i32) (i64.eqz (global.get $g))
          (then (i32.trunc_sat_f64_s (f64.const 1.5)))
          (else (i32.const 1) (i32.const 2) (loop (type $two) (i32.const 1) (i32.add)) (i32.sub))))
      (func $b (global.set $g (i64.extend8_s (global.get $g)))))"""),
]


def survives(wasm: bytes) -> None:
    refused: InvalidModule | None = None
    try:
        rewritten, _ = rewrite(wasm, LIMITS)
    except InvalidModule as error:
        refused = error
    if refused is None:
        assert is_valid(rewritten) == is_valid(wasm)
    else:
        assert refused.offset is not None
        assert 0 <= refused.offset <= len(wasm)


def test_the_seeds_are_valid() -> None:
    for seed in SEEDS:
        assert is_valid(seed)
        assert is_valid(rewrite(seed, LIMITS)[0])


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=800, deadline=None)
def test_mutations(seed: bytes, data: st.DataObject) -> None:
    mutated = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(8, len(mutated) - 1))
        match data.draw(st.sampled_from(["change", "insert", "delete", "repeat"])):
            case "change":
                mutated[at] = data.draw(st.integers(0, 255))
            case "insert":
                mutated.insert(at, data.draw(st.integers(0, 255)))
            case "delete":
                del mutated[at]
            case "repeat":
                mutated[at:at] = mutated[at : at + data.draw(st.integers(1, 8))]
    survives(bytes(mutated))


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=100, deadline=None)
def test_truncation(seed: bytes, data: st.DataObject) -> None:
    survives(seed[: data.draw(st.integers(0, len(seed)))])


@given(st.binary(max_size=60), st.booleans())
def test_noise(noise: bytes, magic: bool) -> None:
    survives(b"\0asm\1\0\0\0" + noise if magic else noise)
