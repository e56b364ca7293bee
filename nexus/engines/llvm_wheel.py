"""Repair of the wasmer-compiler-llvm wheel, which current glibc refuses to load as shipped.

The extension's `DT_NEEDED` list names the bundled `libtinfo-91270aa7.so.5`, but its version-needs
section (`.gnu.version_r`) still names `libtinfo.so.5`. Since glibc 2.35 the dynamic loader asserts
that every file named there was loaded, and **kills the process** at import. The cure is to let that
one `vn_file` point at the string that the NEEDED entry uses: four bytes, in a copy of ours.
(ELF layout: System V gABI chapter 5, and LSB 5.0 "Symbol Versioning".)
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.machinery import ExtensionFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from nexus.engines import child_python
from nexus.errors import EngineUnavailable

PACKAGE = "wasmer_compiler_llvm"
PROBE_TIMEOUT_S = 60.0

_DT_NEEDED, _DT_STRTAB = 1, 5
_DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
_PT_LOAD, _PT_DYNAMIC = 1, 2


def repair(elf: bytes) -> bytes:
    """Return *elf* with every version-needs entry naming a library that it really needs.

    Bytes that need no repair come back unchanged.

    Raises: EngineUnavailable if the file is not a 64-bit little-endian ELF of the expected shape.
    """
    try:
        return _repair(bytearray(elf))
    except (struct.error, LookupError, ValueError, OverflowError, StopIteration) as error:
        raise EngineUnavailable(f"cannot repair {PACKAGE}: unexpected ELF layout") from error


def _repair(elf: bytearray) -> bytes:
    if elf[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    segments, dynamic = _program_headers(elf)
    table = {tag: value for tag, value in dynamic if tag != _DT_NEEDED}
    if _DT_VERNEED not in table:
        return bytes(elf)
    strings = _file_offset(segments, table[_DT_STRTAB])
    needed = {_string(elf, strings + at): at for tag, at in dynamic if tag == _DT_NEEDED}
    entry = _file_offset(segments, table[_DT_VERNEED])
    for _ in range(table[_DT_VERNEEDNUM]):
        file_name, next_entry = (struct.unpack_from("<I", elf, entry + at)[0] for at in (4, 12))
        name = _string(elf, strings + file_name)
        if name not in needed:
            struct.pack_into("<I", elf, entry + 4, needed[_bundled(name, needed)])
        entry += next_entry
    return bytes(elf)


def _program_headers(
    elf: bytearray,
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """Return the loaded segments as (address, file offset, size), and the dynamic entries."""
    start = struct.unpack_from("<Q", elf, 32)[0]
    size, count = struct.unpack_from("<HH", elf, 54)
    segments, dynamic = [], []
    for i in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", elf, start + i * size)
        if kind == _PT_LOAD:
            segments.append((address, offset, length))
        elif kind == _PT_DYNAMIC:
            dynamic = list(struct.iter_unpack("<QQ", elf[offset : offset + length]))
    return segments, dynamic


def _file_offset(segments: list[tuple[int, int, int]], address: int) -> int:
    for start, offset, size in segments:
        if start <= address < start + size:
            return offset + address - start
    raise ValueError(f"no segment holds address {address:#x}")


def _string(elf: bytearray, at: int) -> str:
    return elf[at : elf.index(0, at)].decode("ascii")


def _bundled(name: str, needed: dict[str, int]) -> str:
    """Return the library that auditwheel made of *name*: `libx.so.5` -> `libx-1a2b3c4d.so.5`."""
    stem, dot, version = name.partition(".")
    pattern = re.compile(re.escape(stem) + r"-[0-9a-f]{8}" + re.escape(dot + version))
    return next(candidate for candidate in needed if pattern.fullmatch(candidate))


def ensure(cache_dir: Path) -> Path:
    """Put a loadable copy of the extension below *cache_dir*, proven in a child process.

    The proof is kept: while both files look the same as then, a second call starts no process and
    compares no bytes.

    Raises: EngineUnavailable if the wheel is absent, the folder cannot be written, or the copy
        does not load.
    """
    installed = _installed()
    try:
        target = cache_dir / PACKAGE / installed.name
        proof = target.with_suffix(".loads")
        _keep_copy(installed, target, proof)
        _link(cache_dir / f"{PACKAGE}.libs", installed.parent.parent / f"{PACKAGE}.libs")
        if not proof.exists() or proof.read_text() != _proof():
            _probe(target)
            _write(proof, _proof().encode())
    except OSError as error:
        raise EngineUnavailable(f"cannot keep a repaired {PACKAGE}: {error}") from error
    return target


def _keep_copy(installed: Path, target: Path, proof: Path) -> None:
    """Make *target* a repaired copy of *installed*. Delete *proof* if the copy was rewritten.

    Reading and comparing 38 MB takes 0.1 s of every worker's start, so the looks of both files
    are recorded afterwards.

    Raises: OSError; EngineUnavailable if the file cannot be repaired.
    """
    note = target.with_suffix(".compared")
    if note.exists() and note.read_text() == _looks(installed, target):
        return
    fixed = repair(installed.read_bytes())
    if not target.exists() or target.read_bytes() != fixed:
        proof.unlink(missing_ok=True)
        _write(target, fixed)
    with suppress(OSError):  # an image's cache may be read-only: then every start compares
        _write(note, _looks(installed, target).encode())


def _looks(*paths: Path) -> str:
    """Return size, modification time and inode of each file; "none" for a missing file."""
    lines = []
    for path in paths:
        try:
            found = path.stat()
        except FileNotFoundError:
            lines.append("none")
        else:
            lines.append(f"{found.st_size} {found.st_mtime_ns} {found.st_ino}")
    return "\n".join(lines)


def _installed() -> Path:
    spec = find_spec(PACKAGE)
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = next(iter(folder.glob(f"{PACKAGE}.*.so")), None) if folder else None
    if found is None:
        raise EngineUnavailable(
            f"the LLVM compiler is not installed: pip install {PACKAGE.replace('_', '-')}==1.1.0 "
            "(wheels exist for CPython 3.7 to 3.10 on x86_64)"
        )
    return found


def _proof() -> str:
    """Return the facts, beside the file itself, that a successful load depends on."""
    return f"{sys.version}\n{os.confstr('CS_GNU_LIBC_VERSION')}\n"


def _write(path: Path, content: bytes) -> None:
    """Write the file atomically, so that another worker never loads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o700)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _link(link: Path, libraries: Path) -> None:
    """Make the folder of the extension's RPATH, `$ORIGIN/../wasmer_compiler_llvm.libs`."""
    if not link.exists() or link.resolve() != libraries.resolve():
        temporary = Path(tempfile.mkdtemp(dir=link.parent), link.name)
        try:
            temporary.symlink_to(libraries)
            os.replace(temporary, link)
        finally:
            temporary.unlink(missing_ok=True)
            temporary.parent.rmdir()


def _probe(path: Path) -> None:
    """Load *path* in a child process: a loader that fails does not raise, it kills."""
    code = "from nexus.engines.llvm_wheel import load; load(sys.argv[1]).Compiler"
    try:
        child = subprocess.run(
            child_python.command(code, str(path)),
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            env=child_python.environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise EngineUnavailable(f"{PACKAGE} did not load within {PROBE_TIMEOUT_S} s") from error
    if child.returncode:
        said = child.stderr.decode(errors="replace").strip().splitlines()
        raise EngineUnavailable(
            f"{PACKAGE} does not load here: {said[-1] if said else 'no reason'}"
        )


def load(path: str | Path) -> Any:
    """Import the extension module at *path*, which must come from `ensure`."""
    name = f"{PACKAGE}.{PACKAGE}"
    spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, str(path)))
    assert spec is not None  # because a loader was passed
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
