"""Measures the native stack that one frame of a compiled module takes.

A function's source does not show its frame's size: a loop's invariants, kept on the stack, gave a
function with two locals a frame of 2448 bytes (wasmtime 50). So the machine code is measured: the
largest frame of any function in the module counts.

A function begins by moving the stack pointer by a constant. Guest code with similar constants can
only make the figure larger, and the guest's depth smaller.
"""

from __future__ import annotations

import dataclasses
import platform
import re

from nexus.model import ModuleInfo

_MAX_BYTES = 1 << 24
"""A larger number is not a frame: `MAX_LOCALS` of a function and its operands take less"""

_UNKNOWN_BYTES = 16 << 10
"""Frame size assumed on machines whose code this module cannot read"""

_X86_64 = re.compile(
    rb"\x48\x81[\xc4\xec](....)"  # add or sub rsp, imm32
    rb"|\xb8(....)(?=.{0,24}?\x48\x29\xc4)"  # mov eax, imm32; a probe; sub rsp, rax
    rb"|\x48\x83\xec([\x00-\x7f])",  # sub rsp, imm8
    re.DOTALL,
)


def measured(info: ModuleInfo, artifact: bytes) -> ModuleInfo:
    """Return *info* with the size of the largest frame in *artifact*."""
    return dataclasses.replace(info, frame_bytes=info.frame_bytes + largest_frame(artifact))


def largest_frame(artifact: bytes) -> int:
    """Return the bytes of the largest frame, without saved registers and arguments."""
    if platform.machine() != "x86_64":
        return _UNKNOWN_BYTES
    sizes = (
        int.from_bytes(found[1] or found[2] or found[3], "little")
        for found in _X86_64.finditer(artifact)
    )
    return max((size for size in sizes if size <= _MAX_BYTES and size % 8 == 0), default=0)
