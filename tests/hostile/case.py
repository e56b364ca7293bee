"""What a hostile case is, and the guests that cases are made of."""

from __future__ import annotations

from dataclasses import dataclass

OK = "ok"
"""instead of a code: the attack is contained without the handler's failing"""

SOON = "timeout_ms = 80\n"
"""a manifest for what never ends"""

WASI = {
    "environ_get": "(param i32 i32) (result i32)",
    "environ_sizes_get": "(param i32 i32) (result i32)",
    "fd_close": "(param i32) (result i32)",
    "fd_read": "(param i32 i32 i32 i32) (result i32)",
    "fd_renumber": "(param i32 i32) (result i32)",
    "fd_write": "(param i32 i32 i32 i32) (result i32)",
    "path_open": "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)",
    "poll_oneoff": "(param i32 i32 i32 i32) (result i32)",
    "proc_exit": "(param i32)",
    "proc_raise": "(param i32) (result i32)",
    "random_get": "(param i32 i32) (result i32)",
    "sched_yield": "(result i32)",
}
NEXUS = {
    "emit": "(param i32 i32 i32 i32) (result i32)",
    "ext_call": "(param i32 i32 i32 i32 i32 i32) (result i32)",
    "ext_result": "(param i32 i32) (result i32)",
    "log": "(param i32 i32 i32) (result i32)",
    "state_get": "(param i32 i32 i32 i32) (result i32)",
    "state_keys": "(param i32 i32) (result i32)",
    "state_set": "(param i32 i32 i32 i32) (result i32)",
}
_IMPORTS = "".join(
    f'(import "{module}" "{name}" (func ${name} {signature}))'
    for module, functions in (("wasi_snapshot_preview1", WASI), ("nexus", NEXUS))
    for name, signature in functions.items()
)

HEAD = b"Content-Type: text/plain\n\n"


@dataclass(frozen=True)
class Case:
    """One hostile module, and what becomes of it."""

    name: str
    module: str | bytes
    """text or binary"""
    code: str
    """error code of loading it or of running it; or OK"""
    manifest: str = ""
    body: bytes | None = None
    """of the answer, where the code is OK"""
    why: str = ""
    """what the error's message must say, for it to be the right error"""


def start(body: str, rest: str = "", locals: str = "") -> str:
    """A command whose entry point is *body*, with one page of memory and all imports above."""
    return f"""(module {_IMPORTS} (memory (export "memory") 1)
      {rest} (func (export "_start") {locals} {body}))"""


def answering(number: str, rest: str = "", locals: str = "") -> str:
    """A guest that computes *number* (an i32) and answers with that byte."""
    answer = f"""
      (i32.store8 (i32.const {60000 + len(HEAD)}) {number})
      (i32.store (i32.const 59000) (i32.const 60000))
      (i32.store (i32.const 59004) (i32.const {len(HEAD) + 1}))
      (drop (call $fd_write (i32.const 1) (i32.const 59000) (i32.const 1) (i32.const 59008)))"""
    data = f'(data (i32.const 60000) "{_escaped(HEAD)}")'
    return start(answer, data + rest, locals)


def writing(output: bytes) -> str:
    """A guest that writes *output* to stdout and ends."""
    body = f"""
      (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const {len(output)}))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"""
    return start(body, f'(data (i32.const 64) "{_escaped(output)}")')


def _escaped(content: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in content)


def endless(body: str) -> str:
    """A loop around *body*."""
    return f"(loop $forever {body} (br $forever))"
