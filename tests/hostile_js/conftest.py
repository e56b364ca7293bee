from __future__ import annotations

from tests.scripts.conftest import scripts

__all__ = ["scripts"]
