"""The settings of another JavaScript engine: a file, and the digest that goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.config import Settings, load, to_environ
from nexus.errors import ConfigError

DIGEST = "ab" * 32
ALLOWED = "64 hexadecimal digits in lower case, set together with the path of the file, or nothing"


def read(directory: Path, **environ: str) -> Settings:
    return load({}, {"HOME": "/home/nexus", **environ}, directory).settings


def test_nothing_is_said_by_default(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.javascript_runtime, settings.javascript_runtime_sha256) == ("", "")
    assert load({}, to_environ(settings), tmp_path).settings == settings


def test_a_path_is_of_the_directory(tmp_path: Path) -> None:
    settings = read(
        tmp_path, NEXUS_JAVASCRIPT_RUNTIME="my.wasm", NEXUS_JAVASCRIPT_RUNTIME_SHA256=DIGEST
    )
    assert settings.javascript_runtime == str(tmp_path / "my.wasm")
    assert settings.javascript_runtime_sha256 == DIGEST
    assert load({}, to_environ(settings), tmp_path).settings == settings


@pytest.mark.parametrize(
    ("path", "digest", "problem"),
    [
        ("my.wasm", None, "default: X: found nothing beside the javascript_runtime my.wasm"),
        (None, DIGEST, f"environment variable NEXUS_X: X: found {DIGEST} beside the "
                       "javascript_runtime nothing"),
        ("my.wasm", "AB" * 32, f"environment variable NEXUS_X: X: found '{'AB' * 32}'"),
        ("my.wasm", "ab", "environment variable NEXUS_X: X: found 'ab'"),
    ],
)  # fmt: skip
def test_one_needs_the_other(
    tmp_path: Path, path: str | None, digest: str | None, problem: str
) -> None:
    key = "javascript_runtime_sha256"
    environ = {"NEXUS_JAVASCRIPT_RUNTIME": path, f"NEXUS_{key.upper()}": digest}
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, **{name: value for name, value in environ.items() if value is not None})
    words = problem.replace("NEXUS_X", f"NEXUS_{key.upper()}").replace("X:", f"{key}:")
    assert caught.value.problems == [f"{words}, allowed: {ALLOWED}"]
