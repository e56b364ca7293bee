"""Keeps what source text prints, so that it can stand beside the result."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import Final

_LOGGER: Final = "nexus.guest"
_TEXT: Final = "<source>"
"""The handler's name in records of source text. Only the operator may see those of handlers"""
_MOST_RUNS: Final = 256
_MOST_CHARACTERS: Final = 16 << 10
"""of one run; a model reads all of it"""


class Printed(logging.Handler):
    """Keeps what each run of source text prints, until `take` returns it. Thread-safe."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._guard = threading.Lock()  # guards _kept
        self._kept: OrderedDict[str, str] = OrderedDict()

    def start(self) -> None:
        """Listen to what guests print; it goes nowhere else from now on."""
        logger = logging.getLogger(_LOGGER)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(self)

    def stop(self) -> None:
        """Leave the log as it was."""
        logger = logging.getLogger(_LOGGER)
        logger.removeHandler(self)
        logger.setLevel(logging.NOTSET)
        logger.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "fields", {})
        execution_id = fields.get("execution_id")
        if fields.get("handler") != _TEXT or not isinstance(execution_id, str):
            return
        with self._guard:
            before = self._kept.get(execution_id, "")
            if len(before) < _MOST_CHARACTERS:
                text = f"{before}{record.getMessage()}\n"
                self._kept[execution_id] = text[:_MOST_CHARACTERS]
            while len(self._kept) > _MOST_RUNS:
                self._kept.popitem(last=False)

    def take(self, execution_id: str) -> str:
        """Return what a run has printed since the last time."""
        with self._guard:
            return self._kept.pop(execution_id, "")
