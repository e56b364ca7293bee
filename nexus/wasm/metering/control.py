"""The blocks around the code being read (core specification, 3.4.8, A.3 "Control Stack").

Each loop of the guest becomes two, so a branch out of loops gets a higher label.
"""

from __future__ import annotations

from dataclasses import dataclass

from nexus.errors import InvalidModule
from nexus.wasm.format.leb128 import read_u32

BLOCK, TARGET, LOOP = 0, 1, 2
"""Kinds of frames; a block or `if` becomes a target once a branch leaves by it"""


@dataclass(slots=True)
class Frame:
    """One block, loop, `if`, or the function itself."""

    kind: int
    bare: bool
    """whether branches to it certainly carry no values"""
    loops: int
    """number of loops it is in, itself included"""
    segment: int
    """segment of the code around it"""
    number: int
    """number of blocks opened before it"""
    checked: int
    """value of `Control.checked` at its beginning"""


class Control:
    """The control stack of one function body."""

    def __init__(self) -> None:
        # The function itself counts as a loop: no segment begins behind its end.
        self.frames = [Frame(LOOP, False, 0, 0, 0, 0)]
        """outermost first; empty once the function has ended"""
        self.loops = 0
        """number of loops around the code being read"""
        self.checked = 0
        """amount of code read before the last check on the way here"""
        self._opened = 1

    def open(self, kind: int, *, bare: bool, segment: int) -> None:
        """Begin a block within the code of *segment*."""
        if kind == LOOP:
            self.loops += 1
        self.frames.append(Frame(kind, bare, self.loops, segment, self._opened, self.checked))
        self._opened += 1

    def close(self) -> Frame:
        """End the innermost block."""
        frame = self.frames.pop()
        self.checked = frame.checked
        if frame.kind == LOOP and self.frames:
            self.loops -= 1
        return frame

    def label(self, data: bytes, pos: int) -> tuple[Frame, int, int]:
        """Read the label at *pos*; return its frame, its new number (0 if unchanged), and the
        position behind it.

        Raises: InvalidModule if the label does not exist.
        """
        label, end = read_u32(data, pos)
        if label >= len(self.frames):
            raise InvalidModule(f"label {label} does not exist; there are {len(self.frames)}", pos)
        frame = self.frames[-1 - label]
        if frame.kind == BLOCK:
            frame.kind = TARGET
        left = self.loops - frame.loops  # loops that the branch leaves
        return frame, (label + left if left else 0), end
