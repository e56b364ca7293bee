from __future__ import annotations

from tests.python.conftest import python

__all__ = ["python"]
