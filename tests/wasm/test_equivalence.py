"""Generated programs: metering changes nothing but the fuel, and the charge is right.

wasmtime's own fuel is the oracle: it counts the instructions that really run.
"""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .programs import programs
from .support import ENGINES, LIMITS, Meter, instantiate, rewrite, wat

ARGUMENTS = st.integers(-5, 70_000)

few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

COUNTING = wasmtime.Config()
COUNTING.consume_fuel = True
COUNTING_ENGINE = wasmtime.Engine(COUNTING)
TANK = 1 << 60


def run_unmetered(wasm: bytes, a: int, b: int) -> tuple[int, int]:
    """Return the result and how many instructions ran."""
    store = wasmtime.Store(COUNTING_ENGINE)
    store.set_fuel(TANK)
    instance = wasmtime.Instance(store, wasmtime.Module(COUNTING_ENGINE, wasm), [])
    run: Any = instance.exports(store)["run"]
    return run(store, a, b), TANK - store.get_fuel()


@given(programs(), ARGUMENTS, ARGUMENTS)
@few
def test_same_result_and_no_instruction_uncharged(text: str, a: int, b: int) -> None:
    wasm = wat(text)
    result, executed = run_unmetered(wasm, a, b)
    program = instantiate(rewrite(wasm, LIMITS)[0])
    assert program.call("run", a, b) == result
    assert program.charged >= executed


@given(programs(), ARGUMENTS, ARGUMENTS, st.integers(1, 500))
@few
def test_the_charge_does_not_depend_on_the_slices(text: str, a: int, b: int, slice: int) -> None:
    wasm = rewrite(wat(text), LIMITS)[0]
    charged, results = set(), set()
    for meter in (Meter(slice=0), Meter(slice=slice), Meter(slice=1 << 40)):
        program = instantiate(wasm, meter=meter)
        results.add(program.call("run", a, b))
        charged.add(program.charged)
    assert len(results) == len(charged) == 1


@pytest.mark.skipif(len(ENGINES) < 2, reason="this Python has one engine")
@given(programs(), ARGUMENTS, ARGUMENTS)
@settings(few, max_examples=30)
def test_engines_agree(text: str, a: int, b: int) -> None:
    wasm = rewrite(wat(text), LIMITS)[0]
    found = set()
    for engine in ENGINES:
        program = instantiate(wasm, engine)
        found.add((program.call("run", a, b), program.charged))
    assert len(found) == 1
