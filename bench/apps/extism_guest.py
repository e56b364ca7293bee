"""The same greeting as an Extism plug-in, in the text format."""

from __future__ import annotations

import wasmtime

TEXT = "Hello from WebAssembly.\\n"

WAT = f"""(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{TEXT}")
  (func (export "hello") (result i32)
    (local $to i64) (local $at i32)
    (local.set $to (call $alloc (i64.const 24)))
    (loop $next
      (call $store
        (i64.add (local.get $to) (i64.extend_i32_u (local.get $at)))
        (i32.load8_u (local.get $at)))
      (br_if $next (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 24))))
    (call $output (local.get $to) (i64.const 24))
    (i32.const 0)))
"""

WASM = bytes(wasmtime.wat2wasm(WAT))
