"""Every block of docs/embedding.md runs, one after the other, as a reader would type them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import ROOT, shared_cache

PAGE = ROOT / "docs" / "embedding.md"


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache()))
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 8
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), namespace)


def test_the_public_face() -> None:
    import nexus

    for name in nexus.__all__:
        assert getattr(nexus, name) is not None
    assert set(nexus.__all__) <= set(dir(nexus))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        nexus.nothing  # noqa: B018


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(nexus_error(), match="timeout_ms: found 0, allowed: "):
        runtime(timeout_ms=0)
    with pytest.raises(nexus_error(), match=r"timeout_sm.*did you mean timeout_ms"):
        runtime(timeout_sm=1)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(nexus_error(), match=r"handlers: there is no folder .*gone"):
        runtime(tmp_path / "gone")


def nexus_error() -> type[Exception]:
    from nexus import NexusError

    return NexusError


def runtime(*arguments: object, **settings: object) -> None:
    from nexus import WasmRuntime

    WasmRuntime(*arguments, **settings)  # type: ignore[arg-type]
