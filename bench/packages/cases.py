"""The cases: small programs that use a package, each a module whose default export is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent / "cases"
_TITLE: Final = re.compile(r"^//// (.+)$", re.MULTILINE)
_VERSION: Final = re.compile(r"(?<=.)@[\w.+-]+$")


@dataclass(frozen=True)
class Case:
    """One module, and the packages that it needs."""

    packages: tuple[str, ...]
    """as npm installs them: `name@version`"""
    source: str

    @property
    def title(self) -> str:
        """Return the names of the packages."""
        return " ".join(_VERSION.sub("", package) for package in self.packages)

    @property
    def name(self) -> str:
        """Return the title as the name of a handler."""
        return re.sub(r"[^\w-]+", "-", self.title).strip("-")


def read_cases(chosen: Sequence[str]) -> list[Case]:
    """Return the cases whose title contains one of *chosen*; all if it is empty.

    Raises: ValueError if none does, or two cases have the same name.
    """
    cases = [case for path in sorted(_HERE.glob("*.js")) for case in _cases(path.read_text())]
    if len({case.name for case in cases}) < len(cases):
        raise ValueError(f"two cases in {_HERE} have the same packages")
    found = [case for case in cases if not chosen or any(name in case.title for name in chosen)]
    if not found:
        titles = ", ".join(case.title for case in cases)
        raise ValueError(f"there is no case {' '.join(chosen)!r}; there are {titles}")
    return found


def _cases(text: str) -> list[Case]:
    pieces = _TITLE.split(text)[1:]
    return [
        Case(tuple(title.split()), source)
        for title, source in zip(pieces[::2], pieces[1::2], strict=True)
    ]
