"""Which engine is made, and what is said where one cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nexus.engines import cpu, create_engine
from nexus.errors import ConfigError, EngineUnavailable

on_310 = pytest.mark.skipif(
    sys.version_info >= (3, 11), reason="wasmer's wheels exist for CPython 3.7 to 3.10 only"
)
on_311 = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="wasmer imports on CPython 3.10, so nothing is missing"
)


@on_310
def test_auto_takes_wasmer_with_llvm(tmp_path: Path) -> None:
    engine = create_engine("auto", "auto", tmp_path)
    assert (engine.name, engine.compiler) == ("wasmer", "llvm")


@on_311
def test_auto_takes_wasmtime(tmp_path: Path) -> None:
    engine = create_engine("auto", "auto", tmp_path)
    assert (engine.name, engine.compiler) == ("wasmtime", "cranelift")


@on_311
def test_wasmer_says_which_python_it_needs(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"wasmer needs CPython 3.10 .*; this is CPython 3"):
        create_engine("wasmer", "auto", tmp_path)


@on_310
def test_auto_falls_back_to_cranelift_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with caplog.at_level("WARNING", logger="nexus.engines"):  # another test may have said "error"
        engine = create_engine("auto", "auto", in_the_way)
    assert engine.compiler == "cranelift"
    assert "cannot keep a repaired wasmer_compiler_llvm" in caplog.text
    assert "using Cranelift" in caplog.text


@on_310
def test_wasmer_names_the_compilers_it_has(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no compiler 'singlepass': use llvm or cranelift"):
        create_engine("wasmer", "singlepass", tmp_path)


def test_wasmtime_has_no_llvm(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found 'llvm', allowed with engine wasmtime"):
        create_engine("wasmtime", "llvm", tmp_path)


def test_the_machine_is_part_of_every_fingerprint(tmp_path: Path) -> None:
    assert cpu.features() == cpu.features()
    assert create_engine("wasmtime", "auto", tmp_path).fingerprint.endswith(cpu.features())
