"""Changes one instruction of QuickJS, so that a short string takes no more memory than it needs.

QuickJS-NG's `JSON.parse` begins each string with room for 48 characters and shrinks it at the
end. But `js_realloc_rt` leaves a small block where it is if the new size still fits, so that every
string of up to 48 characters keeps 80 bytes: a third of what an array of small records takes.
"""

from __future__ import annotations

import re
from typing import Final

# `js_arena_realloc` of quickjs.c, inlined in `js_realloc_rt`; 8 bytes of a block are its header:
#     total_size = ((size + 7) & ~7) + 8;
#     if (total_size <= block_size) return ptr;
_SIZE: Final = b"\x20\x02\x41\x07\x6a\x41\x78\x71\x41\x08\x6a"
"""total_size"""
_FITS: Final = re.compile(
    rb"\x20\x01\x41\x7a\x6a\x22.\x2d..\x41\x01\x74\x2f.{1,6}?\x22."  # block_size, from a table
    rb"\x4b(?=\x0d\x00\x20\x01\x21)",  # i32.gt_u, before br_if; local.get ptr, local.set
    re.DOTALL,
)
_NOT_EQUAL: Final = b"\x47"
"""i32.ne"""


def with_tight_strings(runtime: bytes) -> bytes:
    """Return *runtime* with blocks that move to smaller ones as they shrink.

    A build in which the place is not found exactly once is returned as it is.
    """
    place = runtime.find(_SIZE)
    fits = _FITS.match(runtime, place + len(_SIZE))
    if place < 0 or fits is None or runtime.find(_SIZE, place + 1) >= 0:
        return runtime
    return runtime[: fits.end() - 1] + _NOT_EQUAL + runtime[fits.end() :]
