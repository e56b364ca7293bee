"""Runs an example by wasmtime's own WASI: what the examples are is independent of Nexus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
import wasmtime

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Answer:
    """A CGI response, taken apart."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.headers.get("Status", "200 OK").split()[0])


Ask: TypeAlias = Callable[..., Answer]


@pytest.fixture(scope="session")
def engine() -> wasmtime.Engine:
    return wasmtime.Engine()


@pytest.fixture(scope="session")
def modules(engine: wasmtime.Engine) -> Callable[[str], wasmtime.Module]:
    """Compile each example once."""
    compiled: dict[str, wasmtime.Module] = {}

    def module(name: str) -> wasmtime.Module:
        if name not in compiled:
            wat = EXAMPLES / f"{name}.wat"
            source = wat.read_text() if wat.exists() else (EXAMPLES / f"{name}.wasm").read_bytes()
            compiled[name] = wasmtime.Module(engine, source)
        return compiled[name]

    return module


@pytest.fixture
def ask(engine: wasmtime.Engine, modules: Callable[[str], wasmtime.Module], tmp_path: Path) -> Ask:
    """Return a function that sends one request to an example: `ask(name, query=, body=)`."""

    def send(name: str, *, query: str = "", body: bytes = b"", padding: str = "") -> Answer:
        module = modules(name)
        stdin, stdout = tmp_path / "stdin", tmp_path / "stdout"
        stdin.write_bytes(body)
        wasi = wasmtime.WasiConfig()
        wasi.env = [("SERVER_PROTOCOL", "HTTP/1.1"), ("HTTP_X", padding), ("QUERY_STRING", query)]
        wasi.stdin_file, wasi.stdout_file = stdin, stdout
        store = wasmtime.Store(engine)
        store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        start = linker.instantiate(store, module).exports(store)["_start"]
        assert isinstance(start, wasmtime.Func)
        start(store)
        store.close()

        head, separator, rest = stdout.read_bytes().partition(b"\n\n")
        assert separator, "the answer has no empty line after its header"
        headers = dict(line.split(": ", 1) for line in head.decode().split("\n"))
        return Answer(headers, rest)

    return send
