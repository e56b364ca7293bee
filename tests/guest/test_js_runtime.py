"""Which build of QuickJS the settings give."""

from __future__ import annotations

import hashlib
from importlib.metadata import distribution
from pathlib import Path

import pytest

from nexus.errors import ConfigError
from nexus.guest.js.abi import JsAbi
from nexus.guest.js.runtime import FUNCTIONS, PACKAGE, load_runtime
from nexus.guest.js.structures.answering import ANSWER
from nexus.guest.js.structures.tight_strings import with_tight_strings
from nexus.wasm.format import sections

GREATER, NOT_EQUAL = 0x4B, 0x47
"""opcodes: i32.gt_u, i32.ne"""


def written(folder: Path, wasm: bytes) -> tuple[str, str]:
    path = folder / "quickjs.wasm"
    path.write_bytes(wasm)
    return str(path), hashlib.sha256(wasm).hexdigest()


def shipped() -> bytes:
    """Return the pinned build as its package has it."""
    path = distribution(PACKAGE).locate_file("qjs-wasi-reactor/qjs-wasi-reactor.wasm")
    return Path(str(path)).read_bytes()


def stripped(wasm: bytes) -> bytes:
    """Return *wasm* without its name section, as many toolchains leave it."""
    kept = [section for section in sections.split(wasm) if section.id != sections.CUSTOM]
    return sections.join(wasm[section.start : section.end] for section in kept)


def test_without_settings_it_is_the_pinned_one() -> None:
    runtime = JsAbi().runtime()
    assert (runtime.source, runtime.functions) == (load_runtime(), FUNCTIONS)


def test_a_build_with_names_is_entered_by_them(tmp_path: Path) -> None:
    section = b"\x00\x05\x04mine"  # a custom section: another build
    runtime = JsAbi(*written(tmp_path, shipped() + section)).runtime()
    assert (runtime.source, runtime.functions) == (load_runtime() + section, FUNCTIONS)


def test_of_the_pinned_build_one_instruction_is_changed() -> None:
    before = shipped()
    tight = with_tight_strings(before)
    assert len(before) == len(tight)
    pairs = zip(before, tight, strict=True)
    changes = [(old, new) for old, new in pairs if old != new]
    assert changes == [(GREATER, NOT_EQUAL)]
    assert with_tight_strings(tight) is tight
    assert with_tight_strings(before + before) == before + before  # it could be either


def test_one_function_is_added() -> None:
    before, after = (sections.split(wasm) for wasm in (shipped(), load_runtime()))
    changed = [
        sections.NAMES[old.id]
        for old, new in zip(before, after, strict=True)
        if old.id != sections.CODE and old.end - old.payload != new.end - new.payload
    ]
    assert changed == ["type section", "function section", "export section"]
    assert load_runtime().count(ANSWER.encode()) == 1


def test_a_build_without_names_is_refused(tmp_path: Path) -> None:
    where = written(tmp_path, stripped(shipped()))
    with pytest.raises(
        ConfigError, match=r"quickjs.wasm cannot be entered: .* no function JS_Call"
    ):
        JsAbi(*where)


def test_what_is_not_there_or_another(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.wasm")
    with pytest.raises(ConfigError, match=r"javascript_runtime: cannot read .*gone.wasm \(No such"):
        JsAbi(gone, "0" * 64)
    path, digest = written(tmp_path, b"another")
    with pytest.raises(ConfigError, match=f"_sha256: found {'0' * 64}, .*quickjs.wasm, {digest}"):
        JsAbi(path, "0" * 64)
