"""What setting a handler up leaves in its process: nothing."""

from __future__ import annotations

from tests.set_up import leaves_nothing

from .support import Scripts


def test_instances_go_with_their_set_up(scripts: Scripts) -> None:
    source = "export default () => new Response('%d')"
    assert leaves_nothing(lambda number: scripts.handler(source % number), rounds=5)
