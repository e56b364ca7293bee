"""How tests inside the guest ended, and a file of what is expected of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Outcome:
    """How the tests of one module or package ended."""

    passed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """by reason"""
    failed: dict[str, str] = field(default_factory=dict)
    """last line of the error by test"""

    def line(self) -> str:
        """Return the counts."""
        skipped = sum(self.skipped.values())
        return f"{self.passed} pass, {skipped} skipped, {len(self.failed)} do not"


def compare(path: Path, found: Mapping[str, Outcome]) -> int:
    """Print where *found*, by name, differs from the file at *path*; return 1 if it does."""
    expected = _read(path.read_text()) if path.exists() else {}
    differ = 0
    for name, outcome in found.items():
        lines = _lines(name, outcome)
        for line in sorted(set(expected.get(name, ())) ^ set(lines)):
            differ = 1
            print("+" if line in lines else "-", line)
    return differ


def write(path: Path, found: Mapping[str, Outcome], order: Sequence[str]) -> None:
    """Write *found* to the file at *path*, which keeps what it says of others; in this *order*."""
    expected = _read(path.read_text()) if path.exists() else {}
    now = expected | {name: _lines(name, outcome) for name, outcome in found.items()}
    path.write_text("".join(f"{line}\n" for name in order for line in now.get(name, ())))


def _read(text: str) -> dict[str, list[str]]:
    """Return the lines of each name in *text*; only a name's first line is not indented."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if not line.startswith(" "):
            name = line.partition(":")[0]
        found.setdefault(name, []).append(line)
    return found


def _lines(name: str, outcome: Outcome) -> list[str]:
    reasons = sorted(outcome.failed.items())
    return [f"{name}: {outcome.line()}", *(f"    {test}: {reason}" for test, reason in reasons)]
