from __future__ import annotations

from dataclasses import replace

import pytest

from nexus.errors import InternalError, InvalidHandler
from nexus.guest.host import imports
from nexus.guest.preview1.signatures import MODULE, SIGNATURES
from nexus.model import Compiled, Export, FuncType, Import, ModuleInfo
from tests.support import ABIS

from .support import handler

COMMAND = ModuleInfo(
    imports=tuple(Import(MODULE, name, "func", type) for name, type in SIGNATURES.items()),
    exports=(Export("memory", "memory"), Export("_start", "func", FuncType())),
    memory_min_pages=1,
    memory_max_pages=1,
    has_memory=True,
    mutable_globals=(),
    reset_blocker=None,
    has_start=False,
    functions=1,
    frame_bytes=100,
    uncounted_frames=8,
)


def recognised(info: ModuleInfo) -> str:
    return ABIS.recognise(info.imports, info.exports)


def refusal(**changes: object) -> str:
    with pytest.raises(InvalidHandler) as caught:
        recognised(replace(COMMAND, **changes))  # type: ignore[arg-type]
    return str(caught.value)


def test_a_command_that_imports_everything_is_wasi() -> None:
    assert recognised(COMMAND) == "wasi"


def test_a_command_may_import_nothing() -> None:
    assert recognised(replace(COMMAND, imports=())) == "wasi"


def test_a_missing_entry_point_is_named() -> None:
    message = refusal(exports=(Export("main", "func", FuncType()),))
    assert "does not export `_start`" in message
    assert "Nexus runs modules that export a function `_start`" in message


def test_a_reactor_is_recognised_as_one() -> None:
    assert "WASI reactor" in refusal(exports=(Export("_initialize", "func", FuncType()),))


def test_an_entry_point_must_be_a_function() -> None:
    assert "`_start` is a global" in refusal(exports=(Export("_start", "global"),))


def test_an_entry_point_must_take_and_return_nothing() -> None:
    wrong = Export("_start", "func", FuncType(("i32",), ("i64",)))
    assert "has type (i32) -> (i64)" in refusal(exports=(wrong,))


def test_an_unknown_import_is_named() -> None:
    message = refusal(imports=(Import("env", "foo", "func", FuncType()),))
    assert "an unknown function: env.foo." in message
    assert MODULE in message


def test_many_unknown_imports_are_counted() -> None:
    wanted = tuple(Import("env", f"f{n}", "func", FuncType()) for n in range(8))
    assert "8 unknown functions: env.f0, env.f1, env.f2, env.f3, env.f4 and 3 more" in refusal(
        imports=wanted
    )


def test_preview_0_is_explained() -> None:
    wanted = (Import("wasi_unstable", "fd_write", "func", SIGNATURES["fd_write"]),)
    assert "rebuild with a newer toolchain" in refusal(imports=wanted)


def test_a_wrong_signature_is_shown_beside_the_right_one() -> None:
    wanted = (Import(MODULE, "fd_close", "func", FuncType(("i64",), ("i32",))),)
    assert f"{MODULE}.fd_close as (i64) -> (i32) instead of (i32) -> (i32)" in refusal(
        imports=wanted
    )


def test_an_import_without_a_type_is_refused() -> None:
    assert "an unknown type" in refusal(imports=(Import(MODULE, "fd_close", "func"),))


@pytest.mark.parametrize("kind", ["memory", "table", "global"])
def test_only_functions_can_be_imported(kind: str) -> None:
    assert f"env.it ({kind})" in refusal(imports=(Import("env", "it", kind),))


def test_guest_for_offers_every_signature() -> None:
    functions = ABIS.guest_for(handler().compiled).functions()
    assert {name: function.type for name, function in functions.items()} == {
        **{(MODULE, name): signature for name, signature in SIGNATURES.items()},
        **{("nexus", name): signature for name, signature in imports.SIGNATURES.items()},
    }


def test_functions_of_nexus_are_known_by_their_signatures() -> None:
    recognised(replace(COMMAND, imports=(Import("nexus", "time", "func", FuncType((), ("i64",))),)))
    wrong = (Import("nexus", "time", "func", FuncType((), ("i32",))),)
    assert "nexus.time as () -> (i32) instead of () -> (i64)" in refusal(imports=wrong)
    unknown = (Import("nexus", "fd_write", "func", SIGNATURES["fd_write"]),)
    assert "an unknown function: nexus.fd_write." in refusal(imports=unknown)


def test_guest_for_refuses_an_abi_it_does_not_know() -> None:
    with pytest.raises(InternalError, match="'extism'"):
        ABIS.guest_for(Compiled("key", b"", COMMAND, "extism"))
