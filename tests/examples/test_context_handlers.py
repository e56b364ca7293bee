"""The examples that use what Nexus offers to guests, as the product runs them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest

from nexus.config import Settings
from nexus.guest.host.imports import SIGNATURES
from nexus.runtime import WasmRuntime
from nexus.service import Service
from tests.support import EXAMPLES

TABLE_ROW = re.compile(r"^\| `(\w+)` \| (none|[^|]+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WasmRuntime]:
    folder = tmp_path_factory.mktemp("handlers")
    for name in ("counter", "limiter"):
        for suffix in (".wasm", ".toml"):
            shutil.copy(EXAMPLES / f"{name}{suffix}", folder)
    service = Service(
        Settings(handlers_dir=folder, cache_dir=folder / "cache", compiler="cranelift"), None
    )
    service.start_with(folder)
    yield WasmRuntime.of(service)
    service.stop(0.0)


@pytest.mark.parametrize(
    ("state", "by", "count"),
    [({}, 1, 1), ({"count": 40}, 2, 42), ({"count": -3}, -2147483600, -2147483603)],
)
def test_the_counter_counts(runtime: WasmRuntime, state: object, by: int, count: int) -> None:
    found = runtime.execute_handler("counter", {"state": state, "args": by})
    assert (found.status, found.return_value) == ("success", count)
    assert found.state_mutations == [{"op": "set", "key": "count", "value": count}]
    assert found.events == [{"name": "counted", "payload": count}]


@pytest.mark.parametrize(
    "context",
    [
        {"args": "2"},
        {"args": None},
        {"args": 10**10},
        {"args": 1.5},
        {"state": {"count": "x"}, "args": 1},
        {"state": {"count": 2147483647}, "args": 1},
    ],
)
def test_the_counter_refuses(runtime: WasmRuntime, context: dict[str, object]) -> None:
    found = runtime.execute_handler("counter", context)
    assert found.error == {"code": "EXECUTION_ERROR", "message": "exited with code 1"}
    assert (found.state_mutations, found.events) == ([], [])


def test_the_limiter_limits(runtime: WasmRuntime) -> None:
    state: dict[str, object] = {"hits:bob:1": 5}
    for _ in range(3):  # once more where a minute ends on the way
        answers = []
        for _ in range(6):
            found = runtime.execute_handler("limiter", {"state": state, "args": "ann"})
            answers.append(found.return_value)
            for mutation in found.state_mutations:
                if mutation["op"] == "set":
                    state[mutation["key"]] = mutation["value"]
                else:
                    state.pop(mutation["key"], None)
        if not answers[-1]:
            break
    assert answers[-1] is False
    assert found.events == [{"name": "limited", "payload": "ann"}]
    assert [key.rpartition(":")[0] for key in sorted(state)] == ["hits:ann", "hits:bob"]


def test_bindings_declare_what_there_is() -> None:
    header = (EXAMPLES / "include" / "nexus.h").read_text()
    declared = re.findall(r"^NEXUS_IMPORT\((\w+)\)\s+\w+ nexus_(\w+)\(", header, re.MULTILINE)
    assert sorted(declared) == sorted((name, name) for name in SIGNATURES)
    zig = (EXAMPLES / "include" / "nexus.zig").read_text()
    externs = re.findall(r'extern "nexus" fn (\w+)\(([^)]*)\)', zig)
    assert {name: len(parameters.split(":")) - 1 for name, parameters in externs} == {
        name: len(signature.params) for name, signature in SIGNATURES.items()
    }


def test_the_documentation_has_every_function() -> None:
    text = (EXAMPLES.parent / "docs" / "abi.md").read_text()
    rows = {name: parameters for name, parameters in TABLE_ROW.findall(text) if name in SIGNATURES}
    assert {
        name: 0 if parameters == "none" else parameters.count(",") + 1
        for name, parameters in rows.items()
    } == {name: len(signature.params) for name, signature in SIGNATURES.items()}
