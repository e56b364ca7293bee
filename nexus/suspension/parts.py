"""What all suspended runs of a worker share, and how each puts its questions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nexus.model import ExecutionResult, ExtensionAnswer, Handler, SuspensionInfo
from nexus.pool import InstancePool
from nexus.run import Execution
from nexus.run.dispatch import Dispatcher
from nexus.suspension.book import SuspensionBook
from nexus.suspension.extensions import Extensions
from nexus.suspension.ids import SuspensionIds
from nexus.suspension.kept import KeptResults
from nexus.suspension.threads import RunThreads


@dataclass(frozen=True)
class Parts:
    """The parts that all runs of a worker share."""

    dispatcher: Dispatcher
    pool: InstancePool
    extensions: Extensions
    ids: SuspensionIds
    book: SuspensionBook
    kept: KeptResults
    threads: RunThreads
    resume: Callable[[str, ExtensionAnswer], ExecutionResult]
    """answers a question of this worker"""

    def question(
        self, handler: Handler, run: Execution, extension: str, method: str, arguments: Any
    ) -> SuspensionInfo:
        """Return a new question of *run*, which may be open from now on."""
        now = time.time()
        return SuspensionInfo(
            self.ids.new(),
            handler.name,
            run.execution_id,
            extension,
            method,
            arguments,
            now,
            now + self.book.timeout_s,
        )
