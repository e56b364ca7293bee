"""Sentences about questions and executions that are gone, for callers who ask about them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST: Final = 10_000
"""Sentences kept; beyond, the oldest is forgotten, and its caller gets a more general answer"""


class Sentences:
    """One sentence for each of the last ids that are gone. Not thread-safe."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[str, str] = OrderedDict()

    def note(self, name: str, sentence: str) -> None:
        """Keep *sentence* about the question or execution whose id is *name*."""
        self._by_id[name] = sentence
        if len(self._by_id) > MOST:
            self._by_id.popitem(last=False)

    def about(self, name: str) -> str | None:
        """Return the sentence about *name*; None if it has none or it was forgotten."""
        return self._by_id.get(name)
