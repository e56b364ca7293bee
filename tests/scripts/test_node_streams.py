"""`node:stream`, against what Node 20 does."""

from __future__ import annotations

import json
from pathlib import Path

from .support import Scripts

HERE = Path(__file__).parent


def test_streams_do_what_they_do_in_node(scripts: Scripts) -> None:
    handler = scripts.handler((HERE / "node_streams.js").read_text())
    expected = json.loads((HERE / "node_streams.json").read_text())
    assert json.loads(scripts.fetch(handler).body) == expected
