"""Orders for the compiler's child: one JSON line, then the parts whose lengths it gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, TypeAlias

from nexus.plugin_api.abi import Module, RuntimeProgram


@dataclass(frozen=True)
class Terms:
    """The tools and limits that the child works with."""

    engine: str
    compiler: str
    cache_dir: str
    key: str
    """the artifact's key"""
    pages: int
    """the most pages of linear memory"""
    address_space_bytes: int
    cpu_s: int
    idle: bool = False
    """use only CPU time that nothing else wants"""
    urgent: bool = False
    """a client waits: take CPU time as handlers do, not only what they leave"""
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """all settings as environment variables, if plugins bring ABIs; else empty"""


@dataclass(frozen=True)
class CompileHandler:
    """An order to compile a module that is a handler itself; the child recognises its ABI."""

    module: Module


@dataclass(frozen=True)
class CompileRuntime:
    """An order to compile a language runtime for the ABI of this name."""

    module: Module
    abi: str


@dataclass(frozen=True)
class Prepare:
    """An order to make a language runtime load a handler's sources."""

    program: RuntimeProgram
    runtime_key: str
    artifact: bytes = field(repr=False)
    """the compiled runtime, packed"""


Work: TypeAlias = CompileHandler | CompileRuntime | Prepare


@dataclass(frozen=True)
class Order:
    """One piece of work and its terms."""

    terms: Terms
    work: Work

    def write(self) -> bytes:
        """Return this order as bytes, for `read_order`."""
        fields, parts = _encode(self.work)
        line = {
            "terms": asdict(self.terms),
            "work": type(self.work).__name__,
            **fields,
            "parts": [len(part) for part in parts],
        }
        return b"".join((json.dumps(line).encode(), b"\n", *parts))


def read_order(stream: BinaryIO) -> Order:
    """Read an order that `Order.write` wrote."""
    line = json.loads(stream.readline())
    parts = [stream.read(length) for length in line["parts"]]
    module = Module(parts[0], line["is_text"], tuple(line["functions"]), line["table"])
    work: Work
    if line["work"] == CompileHandler.__name__:
        work = CompileHandler(module)
    elif line["work"] == CompileRuntime.__name__:
        work = CompileRuntime(module, line["abi"])
    else:
        program = RuntimeProgram(line["abi"], module, parts[1], line["version"])
        work = Prepare(program, line["runtime_key"], parts[2])
    return Order(Terms(**line["terms"]), work)


def _encode(work: Work) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    module = work.program.runtime if isinstance(work, Prepare) else work.module
    fields: dict[str, Any] = {"is_text": module.is_text, "functions": module.functions}
    fields["table"] = module.table
    parts: tuple[bytes, ...] = (module.source,)
    if isinstance(work, CompileRuntime):
        fields["abi"] = work.abi
    elif isinstance(work, Prepare):
        program = work.program
        fields |= {"abi": program.abi, "version": program.version}
        fields["runtime_key"] = work.runtime_key
        parts = (module.source, program.sources, work.artifact)
    return fields, parts
