"""The compiler's child process: one order on stdin, one artifact (or one JSON error) on stdout."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from nexus.engines import create_engine
from nexus.engines.frames import measured
from nexus.errors import InvalidHandler, InvalidModule, NexusError
from nexus.guest import recognise
from nexus.handlers.artifact import pack
from nexus.handlers.compiler import to_wasm
from nexus.model import Compiled
from nexus.wasm import RewriteLimits, rewrite


def main() -> int:
    order = json.loads(sys.stdin.buffer.readline())
    source = sys.stdin.buffer.read()
    # What the compiler prints by itself must not mix with the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.nice(10)
    try:
        compiled = _compile(order, source)
    except NexusError as error:
        answer.write(json.dumps(_described(error)).encode())
        return 1
    except MemoryError:
        answer.write(
            json.dumps(
                {"error": "CompilationError", "reason": "compiling it takes too much memory"}
            ).encode()
        )
        return 1
    else:
        answer.write(pack(compiled))
        return 0
    finally:
        answer.close()


def _compile(order: dict[str, Any], source: bytes) -> Compiled:
    engine = create_engine(order["engine"], order["compiler"], Path(order["cache_dir"]))
    resource.setrlimit(resource.RLIMIT_CPU, (order["cpu_s"], order["cpu_s"] + 1))
    _limit_memory(order["memory_bytes"])
    wasm = to_wasm(source, engine) if order["text"] else source
    rewritten, info = rewrite(wasm, RewriteLimits(memory_pages=order["pages"]))
    abi = recognise(info)
    artifact = engine.compile(rewritten)
    return Compiled(order["key"], artifact, measured(info, artifact), abi)


def _limit_memory(memory_bytes: int) -> None:
    """Allow *memory_bytes* of address space beyond what the engine has reserved by now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + memory_bytes, used + memory_bytes))


def _described(error: NexusError) -> dict[str, Any]:
    if isinstance(error, InvalidModule):
        return {"error": "InvalidModule", "reason": error.reason, "offset": error.offset}
    kind = "InvalidHandler" if isinstance(error, InvalidHandler) else "CompilationError"
    return {"error": kind, "reason": str(error)}


if __name__ == "__main__":
    sys.exit(main())
