"""The ABI `js`: JavaScript modules in QuickJS."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from nexus.errors import InvalidHandler
from nexus.guest.bundle import Bundle, unpack_bundle
from nexus.guest.js.guest import JsGuest
from nexus.guest.js.node import modules as node
from nexus.guest.js.runtime import ADDRESSED, FUNCTIONS, load_runtime, read_own_runtime
from nexus.guest.js.sources import MAX_BYTES, list_files, read_bundle
from nexus.guest.js.version import SETUP_VERSION
from nexus.guest.js.web import source as web
from nexus.guest.js.web.parts import parts_for
from nexus.model import Compiled, Snapshot
from nexus.plugin_api.abi import AbiBase, Module, RuntimeProgram, Start, snapshot_of

TEXT_NAME = "source.js"
"""the file name that error messages show for source text without a file"""


class JsAbi(AbiBase):
    """Handlers in JavaScript; they share QuickJS's code, and each has a snapshot of its own."""

    name = "js"
    language = "javascript"
    suffixes = (".js", ".ts", ".mts")
    index = "index.js"
    set_up_modules = ("nexus.guest.js.setup", "nexus.wasm.format.name_section")

    def __init__(self, runtime: str = "", sha256: str = "") -> None:
        """Use the build of QuickJS at *runtime*, with digest *sha256*; empty: the pinned build.

        Raises: ConfigError if that build cannot be used.
        """
        self._own = read_own_runtime(Path(runtime), sha256) if runtime else None

    def files(self, entry: Path) -> Sequence[Path]:
        return list_files(entry)

    def read(self, entry: Path) -> RuntimeProgram:
        return self._program(read_bundle(entry))

    def read_text(self, source: bytes) -> RuntimeProgram:
        """Read *source* as a module, or as a script whose value is the result."""
        if len(source) > MAX_BYTES:
            raise InvalidHandler(f"the source has {len(source)} bytes; allowed are {MAX_BYTES}")
        return self._program(Bundle(TEXT_NAME, {TEXT_NAME: source}, is_text=True))

    def runtime(self) -> Module:
        return self._quickjs

    @cached_property
    def _quickjs(self) -> Module:
        source = load_runtime() if self._own is None else self._own
        return Module(source, functions=FUNCTIONS)

    def _program(self, bundle: Bundle) -> RuntimeProgram:
        version = f"{SETUP_VERSION} {web.digest().hex()} {node.digest().hex()}"
        return RuntimeProgram(self.name, self._quickjs, bundle.pack(), version)

    def prepare(self, program: RuntimeProgram, start: Start) -> tuple[tuple[int, ...], Snapshot]:
        # Only the compiler's child calls this; workers need not load these modules.
        from nexus.guest.js.setup import SetUp

        set_up = SetUp(unpack_bundle(program.sources), _addresses(program.runtime.source))
        instance, run = start(set_up.functions())
        return set_up.prepare(instance, run), snapshot_of(instance)

    def warm_up(self, runtime: Module) -> None:
        _addresses(runtime.source)
        web.prelude()
        parts_for(())

    def can_defer(self, compiled: Compiled) -> bool:
        return True

    def guest(self, compiled: Compiled) -> JsGuest:
        return JsGuest()


@lru_cache(maxsize=1)
def _addresses(runtime: bytes) -> dict[str, int]:
    """Return the addresses in C of the functions that set-up needs, by name."""
    from nexus.wasm.format.name_section import find_functions, find_slots

    indices = find_functions(runtime, ADDRESSED)
    slots = find_slots(runtime, list(indices.values()))
    return {name: slots[index] for name, index in indices.items()}
