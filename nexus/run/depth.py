"""How deep guests of one module may go on the calling thread."""

from __future__ import annotations

from nexus.errors import StackLimit
from nexus.model import ModuleInfo
from nexus.plugin_api.guest import Run
from nexus.run.native_stack import room_bytes

ASK_DEPTH = -(1 << 63)
"""a checkpoint's argument where depth ran out, not fuel"""


class Depth:
    """Frames that fit; belongs to the thread that made it."""

    def __init__(self, info: ModuleInfo) -> None:
        self._info = info
        self._room_bytes = room_bytes()
        self._at_start = 0
        """what a start function may have for the asking"""

    def frames(self, run: Run) -> int:
        """How many frames *run* may make at once.

        Raises: StackLimit where not even those fit that are not counted.
        """
        info = self._info
        size = min(run.limits.stack_bytes, self._room_bytes)
        frames = size // info.frame_bytes - info.uncounted_frames
        if frames < 0:
            raise StackLimit(
                f"its largest frame takes {info.frame_bytes} bytes of the stack's {size}"
            )
        return frames

    def start(self, run: Run | None) -> None:
        """Allow a start function of *run* what fits; None: it has ended. Raises: StackLimit."""
        self._at_start = self.frames(run) if run is not None else 0

    def answer(self, run: Run | None) -> int:
        """Answer a checkpoint that was asked for depth.

        A start function asks first of all; whoever asks later has gone too deep.
        """
        frames, self._at_start = self._at_start, 0
        if not frames and run is not None:
            run.stop(StackLimit("call stack exhausted"))
        return frames
