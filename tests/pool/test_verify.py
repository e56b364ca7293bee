"""What `verify_resets` finds."""

from __future__ import annotations

import pytest

from nexus.errors import InternalError
from nexus.plugin_api.engine import Engine
from nexus.pool.instance import WasmInstance
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
