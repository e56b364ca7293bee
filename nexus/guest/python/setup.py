"""Sets up a Python handler, once, in the compiler's child.

CPython starts, loads the handler and parks; the host then takes the snapshot.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from nexus.errors import CompilationError, GuestError, GuestTrap, NexusError
from nexus.guest.bundle import Bundle
from nexus.guest.preview1 import clocks, errno
from nexus.guest.preview1.descriptors import BytesInput, CappedOutput, Descriptor, LogOutput
from nexus.guest.preview1.link import Implementation, host_functions
from nexus.guest.preview1.preopened import ROOT, root_folder
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.program import Program
from nexus.guest.python.lasting import SetUpOutput
from nexus.guest.python.layout import vectorcall_of
from nexus.guest.python.library import COMMAND, Library
from nexus.guest.python.sources import PACKAGES
from nexus.model import Snapshot
from nexus.plugin_api.abi import snapshot_of
from nexus.plugin_api.engine import EngineInstance, HostFunctions
from nexus.plugin_api.guest import Run

SETUP_VERSION: Final = 4
"""increase it whenever set-up leaves a different state"""
HEADROOM_BYTES: Final = 4 << 20
"""Free memory in the snapshot. A request that needs more grows the memory, and an instance whose
memory has grown cannot be reset."""

_BOOT: Final = Path(__file__).parent / "boot"
_HINTS: Final = {
    "ModuleNotFoundError": "\n(to add packages: nexus vendor NAME -r requirements.txt)",
    "MemoryError": "\n(CPython, the handler's files and all it imports must fit memory_limit_mb)",
}
"""what to do about an exception of this type"""
_FAILED: Final = b"FAILED "
"""begins the answer of a guest that could not load the handler"""
_ANSWER_BYTES: Final = 1 << 20
_PACKED_FROM_BYTES: Final = 1024
"""size from which files of packages lie compressed in the guest's memory"""


@cache
def boot_source() -> str:
    """Return the source that CPython runs as its command."""
    return (_BOOT / "boot.py").read_text(encoding="utf-8")


@cache
def modules() -> Mapping[str, str]:
    """Return the guest's own modules by name; the guest loads those that it needs."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(_BOOT.glob("nexus*.py"))}


class _Parked(GuestTrap):
    """Not an error: ends a guest that has parked, once its snapshot is taken."""


class _Interpreter(Program):
    """CPython's command line: ignores environment and user site, writes no bytecode files."""

    def __init__(self, command: bytes) -> None:
        super().__init__()
        self._command = command

    def list_arguments(self) -> list[bytes]:
        return [self._command, b"-I", b"-B", b"-S", b"-c", boot_source().encode()]


class SetUp:
    """One handler's set-up; `functions` are linked before, `prepare` is called once."""

    def __init__(self, bundle: Bundle, library: Library | None = None) -> None:
        """*library*: the standard library of a build that has none inside."""
        self._bundle, self._library = bundle, library
        self._process = Process()
        self._instance: EngineInstance | None = None
        self._snapshot: Snapshot | None = None

    def functions(self) -> HostFunctions:
        """Return WASI preview 1, with the call in which the guest parks replaced."""
        parked: Mapping[str, Implementation] = {"clock_res_get": self._clock_res_get}
        return host_functions(self._process, parked)

    def _clock_res_get(self, process: Process, clock: int, result: int) -> int:
        output = process.descriptors[1]
        if not isinstance(output, CappedOutput) or not output.content:
            return clocks.clock_res_get(process, clock, result)
        # During this call the interpreter is at rest and holds its lock.
        assert self._instance is not None
        self._snapshot = snapshot_of(self._instance)
        process.run.stop(_Parked("parked"))
        return errno.SUCCESS

    def prepare(self, instance: EngineInstance, run: Run) -> tuple[tuple[int, ...], Snapshot]:
        """Bring *instance*, which is new, to the state in which requests start.

        Raises: CompilationError, naming the handler's fault or the limit it met.
        """
        self._instance = instance
        output = SetUpOutput(run, _ANSWER_BYTES, instance)
        # CPython looks for open folders once, as it starts: their numbers belong to the snapshot.
        descriptors: dict[int, Descriptor] = {
            0: BytesInput(self._given()),
            1: output,
            2: LogOutput(run),
            ROOT: root_folder(None, None if self._library is None else self._library.folders),
        }
        command = b"python" if self._library is None else COMMAND
        self._process.start(instance, run, _Interpreter(command), descriptors)
        try:
            instance.call("_start")
        except GuestError as error:
            if not isinstance(run.stopped, _Parked) and not output.content.startswith(_FAILED):
                raise self._refused(run.stopped or error, run) from error
        finally:
            self._process.finish()
            # The engine's functions hold this object, and the instance holds them: a cycle that
            # the garbage collector cannot see.
            self._instance = None
            snapshot, self._snapshot = self._snapshot, None
        return self._entry(snapshot, bytes(output.content), run)

    def _given(self) -> bytes:
        """Return what `boot.py` reads: the size of a JSON head, that head, then all files."""
        bundle = self._bundle
        # The library of another build may lack zlib.
        packs = self._library is None
        listed, contents = [], []
        for name, content in bundle.files.items():
            packed = _packed(name, content) if packs else b""
            listed.append((name, len(content), len(packed)))
            contents.append(packed or content)
        given = {
            "modules": modules(),
            "files": listed,
            "main": bundle.entry,
            "is_text": bundle.is_text,
            "headroom": HEADROOM_BYTES,
        }
        head = json.dumps(given).encode()
        return b"".join((b"%08x" % len(head), head, *contents))

    def _entry(
        self, snapshot: Snapshot | None, answer: bytes, run: Run
    ) -> tuple[tuple[int, ...], Snapshot]:
        name = self._bundle.entry
        if answer.startswith(_FAILED):
            error = json.loads(answer[len(_FAILED) :])["error"]
            hint = _HINTS.get(error["type"], "")
            raise CompilationError(f"{name}: while it was loaded:\n{error['trace']}{hint}")
        if snapshot is None or not answer.startswith(b"ENTER "):
            raise self._refused(
                CompilationError("CPython ended before the handler was loaded"), run
            )
        function, flags = map(int, answer.split()[1:3])
        try:
            index = vectorcall_of(memoryview(snapshot.memory), function)
        except ValueError as error:
            raise CompilationError(f"this build of CPython cannot be entered: {error}") from error
        return (index, function, flags), snapshot

    def _refused(self, reason: NexusError, run: Run) -> CompilationError:
        log = run.stderr.decode("utf-8", "replace").strip()
        detail = f" ({log[-500:]})" if log else ""
        return CompilationError(f"{self._bundle.entry}: while it was loaded: {reason}{detail}")


def _packed(name: str, content: bytes) -> bytes:
    """Return *content* compressed, or nothing for a file that stays as it is."""
    if not name.startswith(f"{PACKAGES}/") or len(content) < _PACKED_FROM_BYTES:
        return b""
    packed = zlib.compress(content, 1)
    return packed if len(packed) < len(content) else b""
