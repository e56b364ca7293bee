"""JavaScript handlers that ask."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from nexus.model import Context, ExecutionResult, Handler
from tests.suspension.support import Worker

GRANTS = ("ext:oracle", "events:emit:*", "state:read:*", "state:write:*")
Make = Callable[..., Handler]
"""Makes a handler from the body of an async function, which sees `args`"""


def execute(worker: Worker, handler: Handler, **context: Any) -> ExecutionResult:
    run = worker.dispatcher.new_run(handler, time.monotonic())
    return worker.suspensions.execute(handler, Context(json.dumps(context).encode()), run)
