"""How far a reader has read, in each worker: a text that it gives back to read on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nexus.errors import InvalidArgument

_ENTRY: Final = r"[0-9a-z]{1,16}:[0-9]{1,15}"
_CURSOR: Final = re.compile(rf"({_ENTRY}(,{_ENTRY})*)?")
MOST_CHARACTERS: Final = 4096


@dataclass(frozen=True)
class Cursor:
    """Maps a worker to the number of the last record that was read there."""

    read: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `str` wrote. Raises: InvalidArgument."""
        if len(text) > MOST_CHARACTERS or not _CURSOR.fullmatch(text):
            raise InvalidArgument(
                f"after: found {text[:80]!r}, allowed: the cursor of an earlier answer"
            )
        pairs = (entry.split(":") for entry in text.split(",") if entry)
        return cls({worker: int(number) for worker, number in pairs})

    def __str__(self) -> str:
        return ",".join(f"{worker}:{number}" for worker, number in sorted(self.read.items()))

    def of(self, worker: str) -> int:
        """Return the number of the last record read from *worker*; 0: none."""
        return self.read.get(worker, 0)
