"""Which build of QuickJS the settings give."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from nexus.compiler.runtimes import pinned_runtime, runtime_of
from nexus.errors import ConfigError
from nexus.guest.js.runtime import FUNCTIONS, load_runtime
from nexus.wasm.format import sections


def written(folder: Path, wasm: bytes) -> tuple[str, str]:
    path = folder / "quickjs.wasm"
    path.write_bytes(wasm)
    return str(path), hashlib.sha256(wasm).hexdigest()


def stripped(wasm: bytes) -> bytes:
    """Return *wasm* without its name section, as many toolchains leave it."""
    kept = [section for section in sections.split(wasm) if section.id != sections.CUSTOM]
    return sections.join(wasm[section.start : section.end] for section in kept)


def test_nothing_said_is_the_pinned_one() -> None:
    assert runtime_of("", "") is pinned_runtime


def test_a_build_with_names_is_entered_by_them(tmp_path: Path) -> None:
    module = runtime_of(*written(tmp_path, load_runtime()))()
    assert (module.abi, module.functions) == ("js", FUNCTIONS)


def test_a_build_without_names_is_refused(tmp_path: Path) -> None:
    where = written(tmp_path, stripped(load_runtime()))
    with pytest.raises(
        ConfigError, match=r"quickjs.wasm cannot be entered: .* no function JS_Call"
    ):
        runtime_of(*where)


def test_what_is_not_there_or_another(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.wasm")
    with pytest.raises(ConfigError, match=r"javascript_runtime: cannot read .*gone.wasm \(No such"):
        runtime_of(gone, "0" * 64)
    path, digest = written(tmp_path, b"another")
    with pytest.raises(ConfigError, match=f"_sha256: found {'0' * 64}, .*quickjs.wasm, {digest}"):
        runtime_of(path, "0" * 64)
