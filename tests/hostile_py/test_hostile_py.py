"""Each script's first line says how it must end: error codes with | between, `ok` with the body
`fine`, or `*` where any end of the guest will do.

Whatever happens, the thread goes on: the next request, of another handler, is answered.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nexus.errors import InternalError, NexusError
from tests.python.support import LIMITS, Pythons

FILES = sorted((Path(__file__).parent / "scripts").glob("*.py"))
PATIENT = replace(LIMITS, timeout_s=120.0, cpu_timeout_s=120.0)
SHORT = replace(LIMITS, timeout_s=0.4, cpu_timeout_s=0.4)
"""for scripts that must end by time; others have the time that a busy machine takes"""


def test_there_are_enough() -> None:
    assert len(FILES) >= 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_ends_as_it_says(python: Pythons, path: Path) -> None:
    source = path.read_text()
    expected = source.partition("\n")[0].removeprefix("# ").split("|")
    handler = python.handler(source, limits=SHORT if "TIMEOUT" in expected else PATIENT)
    try:
        ended, detail = "ok", python.fetch(handler).body
    except NexusError as error:
        ended, detail = error.code, str(error).encode()
    assert ended != InternalError.code, detail
    if expected != ["*"]:
        assert ended in expected, detail
    if ended == "ok":
        assert detail == b"fine"
    neighbour = python.handler("def fetch(request): return 'still here'")
    assert python.fetch(neighbour).body == b"still here"
