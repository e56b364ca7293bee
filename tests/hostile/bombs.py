"""Modules that ask for too much: memory, tables, locals, functions, nesting, names."""

from __future__ import annotations

from nexus.wasm.format.leb128 import encode_unsigned
from tests.wasm.binary import sections, vector

from .case import OK, Case, answering, start

CODE, EXPORT, FUNCTION, IMPORT, MEMORY, TYPE = 10, 7, 3, 2, 5, 1

_NOTHING = b"\x60\0\0"
_START = b"\x06_start\0\0"


def _with_bodies(*bodies: bytes, **more: bytes) -> bytes:
    """A command of functions without parameters; the first is its entry point."""
    return sections({
        TYPE: vector(_NOTHING),
        FUNCTION: vector(*[b"\0"] * len(bodies)),
        MEMORY: vector(b"\0\1"),
        EXPORT: vector(_START, b"\x06memory\2\0"),
        CODE: vector(*[encode_unsigned(len(body)) + body for body in bodies]),
    })  # fmt: skip


def _nested(depth: int, opening: bytes = b"\x02\x40") -> bytes:
    return _with_bodies(b"\0" + opening * depth + b"\x0b" * depth + b"\x0b")


def _growing(instruction: str) -> str:
    """Grow until it fails, then answer 1: how often it worked is the clamp's business."""
    rest = f"""(table $t 1 1000000000 funcref)
      (func $f (result i32) (loop (br_if 0 (i32.ne (i32.const -1) {instruction}))) (i32.const 1))"""
    return answering("(call $f)", rest)


CASES = [
    Case(
        "memory-of-4-gib",
        '(module (memory (export "memory") 65536) (func (export "_start")))',
        "INVALID_HANDLER",
        why="the limit is 512 pages",
    ),
    Case(
        "memory-one-page-over-the-limit",
        '(module (memory (export "memory") 513) (func (export "_start")))',
        "INVALID_HANDLER",
        why="the limit is 512 pages",
    ),
    Case("memory-grown-until-it-fails", _growing("(memory.grow (i32.const 16))"), OK, body=b"\1"),
    Case(
        "table-grown-until-it-fails",
        _growing("(table.grow $t (ref.null func) (i32.const 1000))"),
        OK,
        body=b"\1",
    ),
    Case(
        "table-of-a-billion",
        start("", "(table 1000000000 funcref)"),
        "INVALID_HANDLER",
        why="the limit is 65536",
    ),
    Case(
        "17-tables", start("", "(table 1 funcref)" * 17), "INVALID_HANDLER", why="the limit is 16"
    ),
    Case("data-beyond-the-memory", start("", '(data (i32.const 65536) "x")'), "EXECUTION_ERROR"),
    Case("data-at-minus-one", start("", '(data (i32.const -1) "xy")'), "EXECUTION_ERROR"),
    Case(
        "elements-beyond-the-table",
        start("", "(table 1 funcref) (elem (i32.const 1) $f) (func $f)"),
        "EXECUTION_ERROR",
    ),
    Case(
        "50000-locals",
        _with_bodies(b"\1" + encode_unsigned(50_000) + b"\x7f\x0b"),
        "INVALID_HANDLER",
        why="the limit is 49995",
    ),
    Case(
        "4-billion-locals",
        _with_bodies(b"\1" + encode_unsigned(2**32 - 1) + b"\x7f\x0b"),
        "INVALID_HANDLER",
        why="the limit is 49995",
    ),
    Case(
        "locals-that-add-up-to-4-billion",
        _with_bodies(b"\2" + (encode_unsigned(2**31) + b"\x7f") * 2 + b"\x0b"),
        "INVALID_HANDLER",
        why="the limit is 49995",
    ),
    Case("100000-functions", _with_bodies(*[b"\0\x0b"] * 100_000), "INVALID_RESPONSE"),
    Case("blocks-5000-deep", _nested(5_000), "INVALID_RESPONSE"),
    Case("loops-1000-deep", _nested(1_000, b"\x03\x40"), "INVALID_RESPONSE"),
    Case(
        "10001-exports",
        start("", "".join(f'(export "{n}" (func $f))' for n in range(10_000)) + "(func $f)"),
        "INVALID_HANDLER",
        why="the limit is 10000",
    ),
    Case(
        "1001-imports",
        "(module "
        + "".join(f'(import "wasi_snapshot_preview1" "{n}" (func))' for n in range(1001))
        + ")",
        "INVALID_HANDLER",
        why="the limit is 1000",
    ),
    Case(
        "2000-parameters",
        start("", f"(func (param {'i32 ' * 2000}))"),
        "INVALID_HANDLER",
        why="over 1000",
    ),
    Case(
        "vector-of-4-billion-functions",
        sections({TYPE: vector(_NOTHING), FUNCTION: encode_unsigned(2**32 - 1) + b"\0"}),
        "INVALID_HANDLER",
        why="ends too early",
    ),
    Case(
        "custom-sections-of-8-mib",
        _with_bodies(b"\0\x0b") + (b"\0\x81\x80\x40\0" + bytes(1 << 20)) * 8,
        "INVALID_RESPONSE",
    ),
]
