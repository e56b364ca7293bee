"""Modules that would slip through the rewriter, and names that collide with ours."""

from __future__ import annotations

from .case import Case, start

_WASI = "wasi_snapshot_preview1"


def _refused(name: str, why: str, module: str | bytes) -> Case:
    return Case(name, module, "INVALID_HANDLER", why=why)


CASES = [
    _refused("tail-call", "tail calls", start("(return_call $f)", "(func $f)")),
    _refused("exception", "exceptions", start("(throw $t)", "(tag $t)")),
    _refused(
        "shared-memory",
        "threads",
        '(module (memory (export "memory") 1 1 shared)(func (export "_start")))',
    ),
    _refused(
        "atomic-wait",
        "threads",
        start("(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))"),
    ),
    _refused(
        "64-bit-memory",
        "64-bit memories",
        '(module (memory (export "memory") i64 1) (func (export "_start")))',
    ),
    _refused("two-memories", "more than one memory", start("", "(memory 1)")),
    _refused(
        "garbage-collected-types", "garbage collection", start("", "(type (struct (field i32)))")
    ),
    _refused("typed-reference", "not supported", start("", "(func (param (ref func)))")),
    _refused("component", "component", b"\0asm\x0d\0\1\0"),
    _refused(
        "import-of-a-memory",
        "imports a memory",
        f'(module (import "{_WASI}" "m" (memory 1)) (func (export "_start")))',
    ),
    _refused(
        "import-of-a-global",
        "imports a global",
        start("").replace("(module", '(module (import "env" "g" (global (mut i32)))', 1),
    ),
    _refused(
        "import-of-the-checkpoint",
        "reserved",
        start("").replace(
            "(module", '(module (import "nexus" "checkpoint" (func (param i64) (result i64)))', 1
        ),
    ),
    _refused(
        "import-of-an-unknown-function",
        "env.system",
        start("").replace(
            "(module", '(module (import "env" "system" (func (param i32) (result i32)))', 1
        ),
    ),
    _refused(
        "import-of-the-wrong-type",
        "instead of (i32) -> ()",
        f"""(module
        (import "{_WASI}" "proc_exit" (func (param i64)))
        (memory (export "memory") 1) (func (export "_start")))""",
    ),
    _refused(
        "export-of-the-fuel",
        "reserved",
        start("", '(global (export "nexus.fuel") (mut i64) (i64.const 9223372036854775807))'),
    ),
    _refused("export-of-the-memory", "reserved", start("", '(export "nexus.memory" (memory 0))')),
    _refused(
        "export-of-a-global",
        "reserved",
        start("", '(global (export "nexus.global.0") (mut i32) (i32.const 0))'),
    ),
    _refused(
        "use-of-the-fuel-by-index",
        "global 0 does not exist",
        b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\7\x0a\1\6_start\0\0\x0a\x08\1\6\0\x23\0\x1a\x01\x0b",
    ),
    _refused(
        "entry-point-with-parameters",
        "has type (i32)",
        '(module (memory (export "memory") 1) (func (export "_start") (param i32)))',
    ),
    _refused(
        "entry-point-that-is-a-memory", "is a memory", '(module (memory (export "_start") 1))'
    ),
    _refused("no-entry-point", "does not export", '(module (memory (export "memory") 1))'),
    _refused(
        "body-cut-off",
        "longer than the module",
        b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\x0a\5\1\3\0\x10",
    ),
    _refused(
        "section-longer-than-the-module",
        "longer than the module",
        b"\0asm\1\0\0\0\1\xff\xff\xff\xff\x0f",
    ),
    _refused(
        "integer-of-six-bytes", "longer than 5 bytes", b"\0asm\1\0\0\0\1\x80\x80\x80\x80\x80\0"
    ),
    _refused("name-that-is-not-utf-8", "not UTF-8", b"\0asm\1\0\0\0\7\6\1\2\xc3\x28\0\0"),
    Case("type-error", start("(i32.add (i64.const 1) (f32.const 2)) drop"), "COMPILATION_ERROR"),
    _refused("text-that-is-no-module", "not valid WebAssembly text", "(module (func (export"),
    _refused("nothing", "not a WebAssembly binary", b""),
]
