"""The handlers of the soak, good and bad, and the statuses that each may answer with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"

SHED = frozenset({429, 503})
"""The statuses of requests that admission rejects under load."""


@dataclass(frozen=True)
class Kind:
    """One handler of the mix."""

    name: str
    allowed: frozenset[int]
    """statuses that the handler may answer with, beside `SHED`"""
    text: str = ""
    """the handler's module as text; empty: the example of this name"""
    manifest: str = ""
    clients: int = 1


def _command(body: str, rest: str = "", pages: str = "1") -> str:
    return f"""(module (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
      (memory (export "memory") {pages}) {rest} (func (export "_start") {body}))"""


_SLOW = _command(
    """(local i64) (local.set 0 (i64.const 20000000))
    (loop (br_if 0 (i64.ne (i64.const 0) (local.tee 0 (i64.sub (local.get 0) (i64.const 1))))))
    (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 29))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))""",
    r'(data (i32.const 16) "Content-Type: text/plain\n\nslow")',
).replace(
    "(memory",
    '(import "wasi_snapshot_preview1" "fd_write"'
    " (func $write (param i32 i32 i32 i32) (result i32))) (memory",
    1,
)

_OK, _ERROR, _LATE = frozenset({200}), frozenset({500}), frozenset({504})

KINDS = (
    Kind("hello", _OK, clients=3),
    Kind("sha256", _OK, clients=2),
    Kind("slow", _OK, _SLOW),
    Kind("trap", _ERROR, _command("unreachable")),
    Kind("loop", _LATE, _command("(loop (br 0))"), "timeout_ms = 100\n"),
    Kind("deep", _ERROR, _command("(call $f)", "(func $f (call $f) (drop (call $yield)))")),
    Kind(
        "hungry",
        _ERROR,
        _command(
            """(loop (br_if 0 (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0))))
            (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536)))
            unreachable"""
        ),
        "memory_limit_mb = 16\n",
    ),
)


def write(folder: Path) -> None:
    """Write all handlers into *folder*."""
    for kind in KINDS:
        if kind.text:
            (folder / f"{kind.name}.wat").write_text(kind.text)
        else:
            for found in EXAMPLES.glob(f"{kind.name}.*"):
                (folder / found.name).write_bytes(found.read_bytes())
        if kind.manifest:
            (folder / f"{kind.name}.toml").write_text(kind.manifest)
