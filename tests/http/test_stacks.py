"""Where a script's error was is for whom `debug` is on."""

from __future__ import annotations

import json

from nexus.errors import GuestTrap
from nexus.http.errors import problem


def test_a_stack_is_shown_in_debug_alone() -> None:
    error = GuestTrap("Uncaught TypeError: boom")
    error.stack = "Uncaught TypeError: boom\n    at fetch (a.js:1:2)"
    shown = json.loads(problem(error, "a", "1", debug=True).body)
    assert shown["stack"] == ["Uncaught TypeError: boom", "    at fetch (a.js:1:2)"]
    assert "stack" not in json.loads(problem(error, "a", "1").body)
    assert "stack" not in json.loads(problem(GuestTrap("trap"), "a", "1", debug=True).body)
