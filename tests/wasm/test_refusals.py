"""What Nexus cannot meter is refused by name and place, never passed through."""

from __future__ import annotations

import pytest

from nexus.errors import InvalidModule
from nexus.model import Export, FuncType, Import
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.sections import (
    CODE,
    DATA,
    DATA_COUNT,
    ELEMENT,
    EXPORT,
    FUNCTION,
    GLOBAL,
    IMPORT,
    MEMORY,
    START,
    TABLE,
    TYPE,
)
from nexus.wasm.format.types import MAX_ARITY
from nexus.wasm.metering.body import MAX_LOCALS
from nexus.wasm.metering.draft import EXTRA_LOCALS
from nexus.wasm.rewriting.declarations import MAX_IMPORTS, MAX_TABLES
from nexus.wasm.rewriting.exports import MAX_EXPORTS

from .binary import code_offset, function, sections, vector
from .support import LIMITS, is_valid, rewrite, wat


def refusal(wasm: bytes) -> InvalidModule:
    with pytest.raises(InvalidModule) as caught:
        rewrite(wasm, LIMITS)
    return caught.value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(func (return_call 0))", "tail calls (opcode 0x12)"),
        ("(type (func)) (table 1 funcref) (func (return_call_indirect (type 0) (i32.const 0)))",
         "tail calls (opcode 0x13)"),
        ("(type $t (func)) (func (return_call_ref $t (unreachable)))", "tail calls (opcode 0x15)"),
        ("(type $t (func)) (func (param funcref) (call_ref $t (unreachable)))",
         "typed function references (opcode 0x14)"),
        ("(func (block (br_on_null 0 (ref.null func)) drop))",
         "typed function references (opcode 0xd5)"),
        ("(func (ref.as_non_null (ref.null func)) drop)",
         "typed function references (opcode 0xd4)"),
        ("(func (param (ref func)))", "typed function references (type 0x64)"),
        ("(table 1 (ref func) (ref.func 0)) (func)", "typed function references (a table"),
        ("(type $t (func)) (func (drop (ref.null $t)))", "typed function references (to type 0)"),
        ("(tag)", "exceptions (a tag section)"),
        ("(func (throw_ref (unreachable)))", "exceptions (opcode 0x0a)"),
        ("(func (try_table))", "exceptions (opcode 0x1f)"),
        ("(func (param exnref))", "exceptions (type 0x69)"),
        ("(import \"a\" \"b\" (tag))", "exceptions (an imported tag)"),
        ("(type (struct))", "garbage collection (type 0x5f)"),
        ("(type (array i8))", "garbage collection (type 0x5e)"),
        ("(rec (type (func)) (type (func)))", "garbage collection (type 0x4e)"),
        ("(func (param anyref))", "garbage collection (type 0x6e)"),
        ("(func (drop (ref.i31 (i32.const 1))))", "garbage collection (opcode 0xfb)"),
        ("(func (drop (ref.eq (ref.null none) (ref.null none))))", "(type 0x71)"),
        ("(memory 1) (func (drop (i32.atomic.load (i32.const 0))))", "threads (atomic"),
        ("(func (atomic.fence))", "threads (atomic instructions) (opcode 0xfe)"),
        ("(memory 1 1 shared)", "threads (a shared memory)"),
        ("(memory i64 1)", "64-bit memories or tables (memory64)"),
        ("(table i64 1 funcref)", "64-bit memories or tables (memory64)"),
        ("(memory 1 (pagesize 1))", "custom page sizes"),
        ("(memory 1) (memory 1)", "more than one memory"),
        ("(func (drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0))))",
         "relaxed SIMD (opcode 0xfd 0x100)"),
        ("(func (result i64 i64) (unreachable) (i64.add128))",
         "wide arithmetic (opcode 0xfc 0x13)"),
        ("(global i32 (i32.add (i32.const 1) (i32.const 1)))", "extended constant expressions"),
        ("(import \"a\" \"b\" (memory 1))", "a.b: imports a memory"),
        ("(import \"a\" \"b\" (table 1 funcref))", "a.b: imports a table"),
        ("(import \"a\" \"b\" (global i32))", "imports a global, which Nexus does not provide"),
        ("(import \"a\" \"b\" (global (mut i32)))", "imports a global, which Nexus does not"),
        ("(import \"nexus\" \"checkpoint\" (func (param i64) (result i64)))", "reserved for meter"),
        ("(func (export \"nexus.fuel\"))", "the export name 'nexus.fuel' is reserved"),
        ("(func (export \"nexus.\"))", "the export name 'nexus.' is reserved"),
    ],
)  # fmt: skip
def test_features(text: str, reason: str) -> None:
    assert reason in refusal(wat(f"(module {text})")).reason


@pytest.mark.parametrize("opcode", [0x06, 0x07, 0x08, 0x09, 0x18, 0x19])
def test_legacy_exceptions(opcode: int) -> None:
    """The assembler no longer knows these."""
    assert "exceptions" in refusal(function(bytes([opcode, 0x40, 0x0B, 0x0B]))).reason


def test_offsets_point_at_the_instruction() -> None:
    code = b"\x12\0\x0b"
    wasm = function(b"\x01\x01" + code)
    error = refusal(wasm)
    assert error.offset == code_offset(wasm, code)
    assert str(error) == f"tail calls (opcode 0x12): not supported (at byte {error.offset:#x})"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (b"\xff\x0b", "unknown opcode 0xff"),
        (b"\x27\x0b", "unknown opcode 0x27"),
        (b"\xfc\x12\x0b", "unknown opcode 0xfc 0x12"),
        (b"\xfd\x9a\x01\x0b", "unknown opcode 0xfd 0x9a"),
        (b"\xfd\xb0\x02\x0b", "unknown opcode 0xfd 0x130"),
        (b"\x02\x50\x0b\x0b", "unknown value type 0x50"),
        (b"\xd0\x40\x0b", "unknown value type 0x40"),
        (b"\x28\x40\0\0\x0b", "more than one memory"),
        (b"\x28\x80\x01\0\x0b", "an alignment of 2**128"),
        (b"\x3f\x01\x0b", "more than one memory"),
        (b"\x40\x01\x0b", "more than one memory"),
        (b"\xfc\x0b\x01\x0b", "more than one memory"),
        (b"\x1c\x01\x6e\x0b", "garbage collection"),
        (b"\x0c\x01\x0b", "label 1 does not exist; there are 1"),
        (b"\x0e\x01\0\x07\x0b", "label 7 does not exist"),
        (b"\x10\x01\x0b", "function 1 does not exist; there are 1"),
        (b"\xd2\x02\x0b", "function 2 does not exist"),
        (b"\x11\x01\0\x0b", "type 1 does not exist; there are 1"),
        (b"\x02\x01\x0b\x0b", "type 1 does not exist"),
        (b"\x23\0\x0b", "global 0 does not exist; there are 0"),
        (b"\x24\0\x0b", "global 0 does not exist"),
        (b"\x20\0\x0b", "local 0 does not exist; there are 0"),
        (b"\x41\x80\x80\x80\x80\x08\x0b", "does not fit in 32 signed bits"),
        (b"\x41\0\x1a", "a function body ends inside a block"),
        (b"\x0b\x01\x0b", "a function body has bytes left over"),
        (b"\x44\0\x0b", "a function body ends inside an instruction"),
        (b"\x41", "a function body ends inside an instruction"),
    ],
)
def test_code(code: bytes, reason: str) -> None:
    wasm = function(code)
    assert reason in refusal(wasm).reason
    assert not is_valid(wasm)


T, F = vector(b"\x60\0\0"), vector(b"\0")
BODY = vector(b"\x02\0\x0b")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({TYPE: vector(b"\x5a")}, "unknown type form 0x5a"),
        ({TYPE: vector(b"\x60\x01\x41\0")}, "unknown value type 0x41"),
        ({TYPE: vector(b"\x60\x01\x7f")}, "the type section ends too early"),
        ({TYPE: b"\xff\xff\xff\xff\x0f"}, "the type section ends too early"),
        ({IMPORT: vector(b"\x01a\x01b\0\0")}, "type 0 does not exist; there are 0"),
        ({IMPORT: vector(b"\x01a\x01b\x09\0")}, "unknown kind of import 0x09"),
        ({TYPE: T, FUNCTION: vector(b"\x01"), CODE: BODY}, "type 1 does not exist"),
        ({TYPE: T, FUNCTION: F}, "0 function bodies for 1 functions"),
        ({TYPE: T, CODE: BODY}, "1 function bodies for 0 functions"),
        ({MEMORY: vector(b"\x10\x01")}, "unknown limits flags 0x10"),
        ({MEMORY: vector(b"\x01\x02\x01")}, "the maximum 1 is below the minimum 2"),
        ({MEMORY: vector(b"\x01\x00\x81\x80\x04")}, "a memory of over 65536 pages"),
        ({GLOBAL: vector(b"\x7f\x02\x41\0\x0b")}, "threads (a shared global)"),
        ({GLOBAL: vector(b"\x7f\x04\x41\0\x0b")}, "unknown mutability 0x04"),
        ({GLOBAL: vector(b"\x7f\0\x41\0")}, "the global section ends too early"),
        ({GLOBAL: vector(b"\x7f\0\x23\x01\x0b")}, "global 1 does not exist; there are 1"),
        ({GLOBAL: vector(b"\x7f\0\x01\x0b")}, "opcode 0x01 in a constant expression"),
        ({GLOBAL: vector(b"\x7f\0\xfe\x0b")}, "threads (atomic instructions)"),
        ({GLOBAL: vector(b"\x70\0\xd2\x01\x0b")}, "function 1 does not exist; there are 0"),
        ({EXPORT: vector(b"\x01f\0\0")}, "function 0 does not exist; there are 0"),
        ({EXPORT: vector(b"\x01g\x03\0")}, "global 0 does not exist; there are 0"),
        ({EXPORT: vector(b"\x01m\x02\0")}, "memory 0 does not exist"),
        ({EXPORT: vector(b"\x01t\x01\0")}, "table 0 does not exist"),
        ({EXPORT: vector(b"\x01t\x04\0")}, "exceptions (an exported tag)"),
        ({EXPORT: vector(b"\x01t\x05\0")}, "unknown kind of export 0x05"),
        ({MEMORY: vector(b"\0\0"), EXPORT: vector(b"\x01m\x02\0", b"\x01m\x02\0")},
         "the export name 'm' is used twice"),
        ({START: b"\0"}, "function 0 does not exist; there are 0"),
        ({ELEMENT: vector(b"\x08")}, "unknown kind 8 of element segment"),
        ({ELEMENT: vector(b"\x01\x01\0")}, "unknown kind 0x01 of elements"),
        ({ELEMENT: vector(b"\x01\0\x01\0")}, "function 0 does not exist"),
        ({ELEMENT: vector(b"\x05\x6e\0")}, "garbage collection"),
        ({DATA_COUNT: b"\x01"}, "0 data segments; the data count section says 1"),
        ({MEMORY: vector(b"\0\x01"), DATA: vector(b"\x02\x01\x41\0\x0b\0")},
         "more than one memory"),
        ({DATA: vector(b"\x03")}, "unknown kind 3 of data segment"),
        ({DATA: vector(b"\x01\x05a")}, "the data section ends too early"),
    ],
)  # fmt: skip
def test_sections(parts: dict[int, bytes], reason: str) -> None:
    assert reason in refusal(sections(parts)).reason


def test_locals() -> None:
    """Some may be added for metering, so there may be fewer than engines accept."""
    most = MAX_LOCALS - EXTRA_LOCALS
    fits = function(b"\x0b", locals=vector(encode_unsigned(most) + b"\x7f"))
    assert is_valid(rewrite(fits, LIMITS)[0])
    for count in (most + 1, 2**32 - 1):
        wasm = function(b"\x0b", locals=vector(encode_unsigned(count) + b"\x7f"))
        assert f"a function has {count} locals; the limit is 49995" in refusal(wasm).reason


def test_counts() -> None:
    types = {TYPE: T}
    imports = sections({**types, IMPORT: vector(*[b"\x01a\x01b\0\0"] * (MAX_IMPORTS + 1))})
    assert "1001 imports; the limit is 1000" in refusal(imports).reason
    tables = sections({TABLE: vector(*[b"\x70\0\0"] * (MAX_TABLES + 1))})
    assert "17 tables; the limit is 16" in refusal(tables).reason
    exports = sections({EXPORT: vector(*[b"\x01f\0\0"] * (MAX_EXPORTS + 1))})
    assert "10001 exports; the limit is 10000" in refusal(exports).reason
    arity = sections({TYPE: vector(b"\x60" + vector(*[b"\x7f"] * (MAX_ARITY + 1)) + b"\0")})
    assert "over 1000 parameters and results" in refusal(arity).reason


def test_what_a_module_declares_is_checked_before_its_code() -> None:
    """A large module that will not do anyway is not rewritten for seconds."""
    seen: list[object] = []

    def check(imports: object, exports: object) -> None:
        seen.append((imports, exports))
        raise LookupError

    wasm = wat('(import "a" "b" (func)) (func (export "f") (return_call 0))')
    with pytest.raises(LookupError):
        rewrite(wasm, LIMITS, (), check)
    assert seen == [((Import("a", "b", "func", FuncType()),), (Export("f", "func", FuncType()),))]
    with pytest.raises(InvalidModule, match="tail calls"):
        rewrite(wasm, LIMITS, (), lambda *_: None)
