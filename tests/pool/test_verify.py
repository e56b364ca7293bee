"""What `verify_resets` finds."""

from __future__ import annotations

import pytest

from nexus.errors import InternalError
from nexus.model import Isolation
from nexus.plugin_api.engine import Engine, EngineInstance
from nexus.pool.instance import WasmInstance
from nexus.pool.linked import LinkedModule
from nexus.run import Execution
from tests.pool.guests import COUNTER, pool_of, serve
from tests.support import build, handler


@pytest.mark.parametrize(
    ("forgotten", "found"),
    [
        ("memory", r"the byte at 0x0 is 66, in the snapshot 65"),
        ("globals", r"the globals are \(1, 9\.0\), in the snapshot \(0, 0\.5\)"),
    ],
)
def test_what_a_reset_forgets_is_named(
    engine: Engine, forgotten: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = handler(build(engine, COUNTER))
    pool = pool_of(engine, verify_resets=True)
    serve(pool, served, "f")

    def reset(self: WasmInstance) -> bool:
        instance, snapshot = self._engine_instance, self._snapshot
        assert instance is not None
        if forgotten == "memory":
            instance.write_globals(snapshot.globals)
        else:
            instance.memory()[:] = snapshot.memory
        return True

    monkeypatch.setattr(WasmInstance, "reset", reset)
    with pytest.raises(InternalError, match=f"a reset was not complete: {found}"):
        serve(pool, served, "f")
    assert (pool.available_count(), pool.active_count()) == (0, 0)


def test_what_a_new_instance_has_of_an_earlier_one_is_named(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = handler(build(engine, COUNTER), isolation=Isolation.FRESH)
    pool = pool_of(engine, verify_resets=True)
    serve(pool, served, "f")
    serve(pool, served, "f")
    instantiate = LinkedModule.instantiate

    def dirty(self: LinkedModule, run: Execution, *, renew: bool = False) -> EngineInstance:
        made = instantiate(self, run, renew=renew)
        made.memory()[9] = 7
        return made

    monkeypatch.setattr(LinkedModule, "instantiate", dirty)
    with pytest.raises(InternalError, match="the byte at 0x9 is 7, in the snapshot 0"):
        serve(pool, served, "f")
    assert (pool.available_count(), pool.active_count(), pool.total_memory()) == (0, 0, 0)
