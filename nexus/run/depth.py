"""Limits how deep guests of one module may call on the calling thread."""

from __future__ import annotations

from nexus.errors import StackLimit
from nexus.model import ModuleInfo
from nexus.plugin_api.guest import Run
from nexus.run.native_stack import room_bytes

ASK_DEPTH = -(1 << 63)
"""A checkpoint's argument when the guest ran out of depth, not of fuel"""


class Depth:
    """How many frames fit on one thread's stack; used by the thread that made it only."""

    def __init__(self, info: ModuleInfo) -> None:
        self._info = info
        self._room_bytes = room_bytes()
        self._at_start = 0
        """frames that a start function gets when it asks"""
        self._known = (-1, 0)
        """the last limit in bytes, and the frames that it allows"""

    def frames(self, run: Run) -> int:
        """Return how many frames *run* may nest.

        Raises: StackLimit where the stack has too little room even for the uncounted frames.
        """
        limit_bytes = run.limits.stack_bytes
        if self._known[0] == limit_bytes:
            return self._known[1]
        info = self._info
        size = min(limit_bytes, self._room_bytes)
        frames = size // info.frame_bytes - info.uncounted_frames
        if frames < 0:
            raise StackLimit(
                f"its largest frame takes {info.frame_bytes} bytes of the stack's {size}"
            )
        self._known = limit_bytes, frames
        return frames

    def start(self, run: Run | None) -> None:
        """Allow a start function of *run* the frames that fit; None: none. Raises: StackLimit."""
        self._at_start = self.frames(run) if run is not None else 0

    def answer(self, run: Run | None) -> int:
        """Answer a checkpoint that asks for depth.

        The first question comes from a start function; any later one means the call is too deep.
        """
        frames, self._at_start = self._at_start, 0
        if not frames and run is not None:
            run.stop(StackLimit("call stack exhausted"))
        return frames
