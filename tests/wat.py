"""Small guests in the text format."""

from __future__ import annotations

_WASI = "wasi_snapshot_preview1"


def prints(text: str, *, first: str = "", stderr: str = "") -> str:
    """A guest that does *first*, then writes *stderr* to its stderr and *text* to its stdout.

    *first* may use memory from 1024 on, and `$poll`, which is `poll_oneoff`.
    """
    return f"""(module
      (import "{_WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "{_WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 32) "{_escaped(text)}")
      (data (i32.const 512) "{_escaped(stderr)}")
      (func $put (param $fd i32) (param $at i32) (param $size i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $size))
        (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func (export "_start") {first}
        (call $put (i32.const 2) (i32.const 512) (i32.const {len(stderr.encode())}))
        (call $put (i32.const 1) (i32.const 32) (i32.const {len(text.encode())}))))"""


def sleeps(milliseconds: int) -> str:
    """What waits so long, to be done *first*: one subscription to the monotonic clock."""
    return f"""
      (i32.store (i32.const 1040) (i32.const 1))
      (i64.store (i32.const 1048) (i64.const {milliseconds * 1_000_000}))
      (drop (call $poll (i32.const 1024) (i32.const 1100) (i32.const 1) (i32.const 1200)))"""


def one(instruction: str) -> str:
    """A guest that does one thing."""
    return f'(module (memory (export "memory") 1) (func (export "_start") {instruction}))'


_PUT = f"""(import "{_WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 32) "Content-Type: text/plain\\n\\n")
  (func $put (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))"""
"""two pages of memory with a CGI header of 26 bytes at 32, and `$put`, which writes to stdout"""

ECHO = f"""(module
  (import "{_WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  {_PUT}
  (func (export "_start") (local $size i32)
    (call $put (i32.const 32) (i32.const 26))
    (loop $more
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $size (i32.load (i32.const 8)))
      (if (local.get $size) (then
        (call $put (i32.const 1024) (local.get $size))
        (br $more))))))"""
"""answers with the request's body"""


def writes(pages: int) -> str:
    """A guest whose answer is so many times 64 KiB of zeros."""
    return f"""(module
      {_PUT}
      (func (export "_start") (local $left i32)
        (call $put (i32.const 32) (i32.const 26))
        (local.set $left (i32.const {pages}))
        (loop $more
          (call $put (i32.const 1024) (i32.const 65536))
          (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"""


def _escaped(text: str) -> str:
    return "".join(f"\\{byte:02x}" for byte in text.encode())
