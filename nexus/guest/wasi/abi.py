"""The ABI `wasi`: WASI preview 1 commands that speak CGI/1.1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nexus.errors import InvalidHandler
from nexus.guest.wasi.guest import WasiGuest
from nexus.guest.wasi.recognition import check_command
from nexus.model import Compiled, Export, Import
from nexus.plugin_api.abi import AbiBase, Module, ModuleProgram

MAX_MODULE_BYTES = 64 << 20
"""size of a module's file; a larger one is an invalid handler"""


class WasiAbi(AbiBase):
    """WebAssembly modules; a module that no other ABI recognises counts as a WASI command."""

    name = "wasi"
    suffixes = (".wasm", ".wat")

    def read(self, entry: Path) -> ModuleProgram:
        return ModuleProgram(Module(_read_module(entry), is_text=entry.suffix == ".wat"))

    def matches(self, imports: Sequence[Import], exports: Sequence[Export]) -> bool:
        return True

    def check(self, imports: Sequence[Import], exports: Sequence[Export]) -> None:
        check_command(imports, exports)

    def guest(self, compiled: Compiled) -> WasiGuest:
        return WasiGuest()


def _read_module(path: Path) -> bytes:
    """Return the file's bytes. Raises: InvalidHandler if it is unreadable or too large."""
    try:
        if path.stat().st_size > MAX_MODULE_BYTES:
            raise InvalidHandler(f"the module is larger than {MAX_MODULE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise InvalidHandler(f"cannot read {path}: {error.strerror}") from error
