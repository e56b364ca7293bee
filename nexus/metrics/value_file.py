"""Files of named figures in the format of prometheus_client's multiprocess mode.

A file begins with the number of bytes in use (4 bytes, then 4 of padding). Entries follow: the
length of a key (4 bytes), the key in UTF-8, spaces up to a multiple of 8 bytes, a value and a
timestamp (doubles). `prometheus_client.mmap_dict` describes and reads the same.
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

Figure: TypeAlias = tuple[float, float]
"""A value, and when it was set (seconds since the epoch; 0: unknown, for kinds that ignore it)."""

_START_BYTES: Final = 1 << 16
_HEAD_BYTES: Final = 8
_USED: Final = struct.Struct("i")
_FIGURE: Final = struct.Struct("dd")
_CANNOT_RESERVE: Final = (errno.EOPNOTSUPP, errno.ENOSYS)
_ZEROS: Final = bytes(1 << 16)


class ValueFile:
    """One process's file, mapped into memory; each block is reserved before it is mapped.

    Otherwise the first write to a block on a full disk would end the process with SIGBUS. Not
    thread-safe.
    """

    def __init__(self, path: str | Path) -> None:
        """Raises: OSError if the disk is full."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(self._descriptor).st_size
            self._size = max(size, _START_BYTES)
            try:
                self._map = self._mapped(self._size)
            except OSError:
                if size == 0:
                    os.unlink(path)  # an empty file cannot be read
                raise
        except OSError:
            os.close(self._descriptor)
            raise
        self._used = _USED.unpack_from(self._map)[0] or _HEAD_BYTES
        self._places = dict(_entries(self._map, self._used))
        self._write_used()

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def read(self, key: str) -> Figure:
        """Return the figure *key*, which must exist."""
        value, timestamp = _FIGURE.unpack_from(self._map, self._places[key])
        return value, timestamp

    def write(self, key: str, figure: Figure) -> None:
        """Write the figure *key*, which must exist."""
        # Assigned as a slice, not with pack_into: a reader must not see a half-written figure.
        place = self._places[key]
        self._map[place : place + _FIGURE.size] = _FIGURE.pack(*figure)

    def add(self, key: str) -> None:
        """Make room for the figure *key*, which begins at 0.

        Raises: OSError if the disk is full; the file stays as it was.
        """
        entry = _entry(key, (0.0, 0.0))
        end = self._used + len(entry)
        if end > self._size:
            size = self._size
            while size < end:
                size *= 2
            self._map, self._size = self._mapped(size), size
        self._map[self._used : end] = entry
        self._places[key] = end - _FIGURE.size
        self._used = end
        self._write_used()

    def close(self) -> None:
        """Unmap and close the file; do not delete it."""
        self._map.close()
        os.close(self._descriptor)

    def _mapped(self, size: int) -> mmap.mmap:
        _reserve(self._descriptor, size)
        return mmap.mmap(self._descriptor, size)

    def _write_used(self) -> None:
        self._map[: _USED.size] = _USED.pack(self._used)


def read_figures(path: Path) -> dict[str, Figure]:
    """Return all figures of the file at *path*. Raises: OSError."""
    content = path.read_bytes()
    if len(content) < _HEAD_BYTES:
        return {}
    places = _entries(content, min(_USED.unpack_from(content)[0], len(content)))
    return {key: _FIGURE.unpack_from(content, place) for key, place in places}


def write_figures(path: Path, figures: Mapping[str, Figure]) -> None:
    """Replace *path* by a file of these *figures*, in one step for its readers. Raises: OSError."""
    entries = b"".join(_entry(key, figure) for key, figure in figures.items())
    head = _USED.pack(_HEAD_BYTES + len(entries)).ljust(_HEAD_BYTES, b"\0")
    fresh = path.with_suffix(".new")
    try:
        fresh.write_bytes(head + entries)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _entries(content: bytes | mmap.mmap, used: int) -> Iterator[tuple[str, int]]:
    """Yield each key and where its figure begins; stop at an incomplete entry."""
    at = _HEAD_BYTES
    while at + _USED.size <= used:
        length = _USED.unpack_from(content, at)[0]
        start = at + _USED.size
        place = start + length + _padding(length)
        at = place + _FIGURE.size
        if length < 0 or at > used:
            return
        yield content[start : start + length].decode(errors="replace"), place


def _padding(length: int) -> int:
    """Return how many spaces follow a key; there is always one."""
    return 8 - (length + _USED.size) % 8


def _entry(key: str, figure: Figure) -> bytes:
    encoded = key.encode()
    padding = b" " * _padding(len(encoded))
    return _USED.pack(len(encoded)) + encoded + padding + _FIGURE.pack(*figure)


def _reserve(descriptor: int, size: int) -> None:
    """Make the file *size* bytes long, all of them allocated on disk. Raises: OSError."""
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in _CANNOT_RESERVE:
            raise
        # This file system cannot reserve blocks: write zeros up to *size* instead.
        for start in range(os.fstat(descriptor).st_size, size, len(_ZEROS)):
            os.pwrite(descriptor, _ZEROS[: size - start], start)
