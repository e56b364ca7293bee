"""Generated programs: metering changes nothing but the fuel, and the charge is right.

wasmtime's own fuel is the oracle: it counts the instructions that really run.
"""

from __future__ import annotations

import itertools
from typing import Any

import wasmtime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .programs import programs
from .support import ENGINES, LIMITS, Meter, instantiate, rewrite, wat

ARGUMENTS = st.integers(-5, 70_000)

few = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
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


@given(programs(bulk=False), ARGUMENTS, ARGUMENTS)
@few
def test_no_instruction_is_uncharged(text: str, a: int, b: int) -> None:
    """Without bulk instructions: wasmtime counts bytes for them."""
    wasm = wat(text)
    result, executed = run_unmetered(wasm, a, b)
    program = instantiate(rewrite(wasm, LIMITS)[0])
    assert program.call("run", a, b) == result
    assert program.charged >= executed


@given(programs(), ARGUMENTS, ARGUMENTS, st.integers(0, 500))
@few
def test_result_and_charge_are_the_same_everywhere(text: str, a: int, b: int, slice: int) -> None:
    wasm = wat(text)
    result, _ = run_unmetered(wasm, a, b)
    forms = [rewrite(wasm, LIMITS, in_place=in_place)[0] for in_place in (False, True)]
    charged = set()
    for rewritten, engine in itertools.product(forms, ENGINES):
        for meter in (Meter(slice=slice), Meter(slice=1 << 40)):
            program = instantiate(rewritten, engine, meter)
            assert program.call("run", a, b) == result
            charged.add(program.charged)
    assert len(charged) == 1
