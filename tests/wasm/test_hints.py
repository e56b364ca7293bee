"""The rewriter's checks are unlikely branches, and the compiler learns so; the guest's are not."""

from __future__ import annotations

import wasmtime

from nexus.engines.wasmtime import WasmtimeEngine
from nexus.engines.wasmtime_library import enable_branch_hints
from nexus.wasm.format import sections
from nexus.wasm.format.reader import Reader
from nexus.wasm.metering.hints import IS_NEGATIVE

from .support import metered

IF, BR_IF = 0x04, 0x0D

GUEST = """(module (import "h" "f" (func))
  (func $own (param i64) (block (br_if 0 (i64.lt_s (local.get 0) (i64.const 0)))
    (if (i64.lt_s (local.get 0) (i64.const 0)) (then (call 0)))))
  (func $loops (param i64) (loop (loop (br_if 0 (i64.eqz (local.get 0))))
    (br_if 0 (i64.eqz (local.get 0))))))"""


def _read(wasm: bytes) -> dict[int, list[int]]:
    """Give the hinted opcodes of each function, by its index."""
    found = {section.id: section for section in sections.split(wasm)}
    assert found[sections.CUSTOM].start < found[sections.CODE].start
    bodies = Reader(wasm, found[sections.CODE].payload, found[sections.CODE].end, "code")
    starts = []
    for _ in range(bodies.u32()):
        size = bodies.u32()
        starts.append(bodies.pos)
        bodies.skip(size)
    hints = Reader(wasm, found[sections.CUSTOM].payload, found[sections.CUSTOM].end, "hints")
    assert hints.name() == "metadata.code.branch_hint"
    opcodes: dict[int, list[int]] = {}
    for _ in range(hints.u32()):
        function = hints.u32()
        opcodes[function] = []
        for _ in range(hints.u32()):
            opcodes[function].append(wasm[starts[function - 2] + hints.u32()])
            assert hints.bytes(2) == b"\1\0"  # one byte: unlikely
    assert hints.pos == hints.end
    return opcodes


def test_each_check_is_hinted() -> None:
    own, loops, refill = 2, 3, 4  # behind the import of the guest, and ours
    assert _read(metered(GUEST)) == {
        # No check at the entry of a small leaf: only the guest's own branches are there.
        loops: [IF, IF, BR_IF, IF, BR_IF],
        refill: [IF, IF, IF],
    }
    assert _read(metered(GUEST, in_place=True)) == {loops: [IF, IF, IF], refill: [IF, IF, IF]}
    assert own not in _read(metered(GUEST))


def test_the_compiler_uses_hints_also_where_no_branch_is() -> None:
    config = wasmtime.Config()
    enable_branch_hints(config)
    engine = wasmtime.Engine(config)
    pattern = int.from_bytes(IS_NEGATIVE + b"\x04\x40\0\0", "little")
    lookalike = "(module (func (result i64) (i64.reinterpret_f64 (f64.reinterpret_i64 "
    lookalike += f"(i64.const {pattern}))) f64.const nan:0x{pattern:x} drop))"
    for text in (GUEST, lookalike):
        wasmtime.Module(engine, metered(text))


def test_nexus_compiles_with_hints() -> None:
    wasm = metered(GUEST, in_place=True)
    other = wasm.replace(b"branch_hint", b"branch_hole")  # as long, so that all places stay
    engine = WasmtimeEngine()
    assert engine.compile(wasm) == engine.compile(wasm)
    assert engine.compile(wasm) != engine.compile(other)
