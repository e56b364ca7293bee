"""A folder for compiled code."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The one that our tests share with those of Nexus, where these run in the same session."""
    return os.environ.get("TESTS_CACHE_DIR") or str(tmp_path_factory.mktemp("cache"))
