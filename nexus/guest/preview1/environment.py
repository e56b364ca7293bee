"""args_get, args_sizes_get, environ_get, environ_sizes_get."""

from __future__ import annotations

from nexus.guest.preview1 import errno
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.program import Strings


def args_get(process: Process, pointers: int, block: int) -> int:
    return _write(process, process.program.arguments, pointers, block)


def args_sizes_get(process: Process, count: int, block_bytes: int) -> int:
    return _write_sizes(process, process.program.arguments, count, block_bytes)


def environ_get(process: Process, pointers: int, block: int) -> int:
    return _write(process, process.program.environment, pointers, block)


def environ_sizes_get(process: Process, count: int, block_bytes: int) -> int:
    return _write_sizes(process, process.program.environment, count, block_bytes)


def _write(process: Process, strings: Strings, pointers: int, block: int) -> int:
    process.memory.write(block, strings.block)
    process.memory.write(pointers, strings.pointers(block & 0xFFFFFFFF))
    return errno.SUCCESS


def _write_sizes(process: Process, strings: Strings, count: int, block_bytes: int) -> int:
    process.memory.write_u32(count, strings.count)
    process.memory.write_u32(block_bytes, len(strings.block))
    return errno.SUCCESS
