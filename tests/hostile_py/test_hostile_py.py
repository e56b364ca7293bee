"""Each script's first line says how it must end: error codes with | between, `ok` with the body
`fine`, or `*` where any end of the guest will do.

Whatever happens, the thread goes on: the next request, of another handler, is answered.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nexus.errors import InternalError, NexusError
from nexus.model import Handler
from tests.python.support import LIMITS, Pythons

from .conftest import SCRIPTS

PATIENT = replace(LIMITS, timeout_s=120.0, cpu_timeout_s=120.0)
SHORT = replace(LIMITS, timeout_s=0.4, cpu_timeout_s=0.4)
"""for scripts that must end by time; others have the time that a busy machine takes"""


def test_there_are_enough() -> None:
    assert len(SCRIPTS) >= 40


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_it_ends_as_it_says(
    python: Pythons, hostile: Handler, neighbour: Handler, path: Path
) -> None:
    expected = path.read_text().partition("\n")[0].removeprefix("# ").split("|")
    handler = replace(hostile, limits=SHORT if "TIMEOUT" in expected else PATIENT)
    try:
        ended, detail = "ok", python.fetch(handler, HTTP_X_SCRIPT=path.stem).body
    except NexusError as error:
        ended, detail = error.code, str(error).encode()
    assert ended != InternalError.code, detail
    if expected != ["*"]:
        assert ended in expected, detail
    if ended == "ok":
        assert detail == b"fine"
    assert python.fetch(neighbour).body == b"still here"
