"""What all suspended runs of a worker share, and how each puts its questions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from nexus.model import ExecutionResult, ExtensionAnswer, Handler, SuspensionInfo
from nexus.pool import InstancePool
from nexus.run import Execution
from nexus.run.dispatch import Dispatcher
from nexus.suspension.book import SuspensionBook
from nexus.suspension.extensions import Extensions, failure, parse
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

    def ask(
        self, handler: Handler, run: Execution, extension: str, method: str, arguments: bytes
    ) -> ExtensionAnswer | SuspensionInfo | None:
        """Return the answer of this process's *extension*, or, if it has none of that name, a new
        question of *run*. None: the run is late, and stopped."""
        if extension in self.extensions:
            return self.extensions.call(run, extension, method, arguments)
        try:
            given = parse(arguments)
        except ValueError as error:
            return failure(f"the arguments are not JSON: {error}")
        if not run.check_time():
            return None
        now = time.time()
        return SuspensionInfo(
            self.ids.new(),
            handler.name,
            run.execution_id,
            extension,
            method,
            given,
            now,
            now + self.book.timeout_s,
        )
