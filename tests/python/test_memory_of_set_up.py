"""What setting a Python handler up leaves in its process: nothing."""

from __future__ import annotations

from tests.set_up import leaves_nothing

from .support import Pythons


def test_instances_go_with_their_set_up(python: Pythons) -> None:
    """An instance that stays keeps CPython's code, too: 190 MB with wasmer."""
    source = "def fetch(request, env, ctx): return '%d'"
    assert leaves_nothing(lambda number: python.handler(source % number), rounds=3)
