"""Each file's first line says how it must end: an error code, or `ok` with the body `fine`.

Whatever happens, the thread goes on: the next request, of another handler, is answered.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest

from nexus.errors import InternalError
from nexus.model import Handler
from tests.scripts.support import LIMITS, Scripts

FILES = sorted(Path(__file__).parent.glob("*.js"))
SHORT = replace(LIMITS, timeout_s=0.4, cpu_timeout_s=0.4)
NEIGHBOUR = 'export default () => new Response("still here")'


_neighbours: WeakKeyDictionary[Scripts, Handler] = WeakKeyDictionary()


def neighbour(scripts: Scripts) -> Handler:
    """One for each engine. (That handlers can still be set up is seen with the next file.)"""
    if scripts not in _neighbours:
        _neighbours[scripts] = scripts.handler(NEIGHBOUR)
    return _neighbours[scripts]


def test_there_are_enough() -> None:
    assert len(FILES) >= 25


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_ends_as_it_says(scripts: Scripts, path: Path) -> None:
    source = path.read_text()
    expected = source.partition("\n")[0].removeprefix("// ")
    limits = SHORT if expected == "TIMEOUT" else LIMITS
    handler = scripts.handler(source, limits=limits)
    if expected == "ok":
        assert scripts.fetch(handler).body == b"fine"
    else:
        error = scripts.failure(handler)
        assert not isinstance(error, InternalError)
        assert error.code == expected, error
    assert scripts.fetch(neighbour(scripts)).body == b"still here"


def test_a_stack_goes_to_the_log_alone(scripts: Scripts) -> None:
    handler = scripts.handler('export default {\n  fetch() { throw new TypeError("boom") } }')
    error = scripts.failure(handler)
    assert str(error) == "Uncaught TypeError: boom"
    assert scripts.log() == "<3>Uncaught TypeError: boom\n<+>    at fetch (hello.js:2:23)\n"
