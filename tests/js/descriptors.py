"""Links a guest in plain wasmtime with the product's functions of WASI, and its bridge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import wasmtime

from nexus.guest.js.bridge import Bridge
from nexus.guest.js.files import FOLDER, SourceFolder, folder_functions
from nexus.guest.preview1.descriptors import CappedOutput, Descriptor
from nexus.guest.preview1.link import host_functions
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.program import Program
from nexus.model import Limits, Usage
from nexus.plugin_api.capabilities import NO_CAPABILITIES

MOST_BYTES = 64 << 20
KINDS = {"i32": wasmtime.ValType.i32, "i64": wasmtime.ValType.i64}


class _Folder(Mapping[str, bytes]):
    """The files below a folder, by their paths."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __getitem__(self, name: str) -> bytes:
        path = self._root / name
        if not path.is_file():
            raise KeyError(name)
        return path.read_bytes()

    def __iter__(self) -> Iterator[str]:
        return (str(path.relative_to(self._root)) for path in self._root.rglob("*"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Instance:
    """What the product's functions need of an instance: its memory."""

    def __init__(self, memory: wasmtime.Memory, store: wasmtime.Store) -> None:
        self._memory, self._store = memory, store

    def memory(self) -> memoryview:
        return memoryview(self._memory.get_buffer_ptr(self._store)).cast("B")


class Host:
    """The host's side of one run of a guest."""

    def __init__(self, root: Path) -> None:
        limits = Limits(timeout_s=60, cpu_timeout_s=60, max_host_calls=1 << 30)
        self.run: Any = SimpleNamespace(
            limits=limits,
            deadline=math.inf,
            stopped=None,
            stderr=bytearray(),
            usage=Usage(),
            capabilities=NO_CAPABILITIES,
            give_way=lambda: None,
            stop=self._stop,
        )
        self._process = Process()
        self.stdout = CappedOutput(self.run, MOST_BYTES)
        self.stderr = CappedOutput(self.run, MOST_BYTES)
        self._descriptors = Bridge(self._process.services).open(self.run, Descriptor())
        self._descriptors |= {1: self.stdout, 2: self.stderr, FOLDER: SourceFolder(_Folder(root))}

    def _stop(self, reason: Exception) -> None:
        self.run.stopped = reason

    def define(self, linker: wasmtime.Linker) -> None:
        """Define all functions of WASI."""
        for (module, name), function in host_functions(self._process, folder_functions()).items():
            both = (function.type.params, function.type.results)
            kinds = [[KINDS[kind]() for kind in names] for names in both]
            linker.define_func(module, name, wasmtime.FuncType(*kinds), function.call)

    def serve(self, store: wasmtime.Store, exports: wasmtime.InstanceExports) -> None:
        """Serve the instance with these *exports* from now on."""
        instance: Any = _Instance(exports["memory"], store)
        self._process.start(instance, self.run, Program(), self._descriptors)
