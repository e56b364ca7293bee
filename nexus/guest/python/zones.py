"""Time zones for handlers that use them: the files of `tzdata`, where `zoneinfo` looks."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

ZONES: Final = b"zoneinfo"
"""A handler whose files mention this gets the zones: 0.4 MB, which few handlers need."""

_FOLDER: Final = "usr/share/zoneinfo"  # the first place where `zoneinfo` looks
_MAGIC: Final = b"TZif"


@cache
def zone_files() -> dict[str, bytes]:
    """Return the time zones' files; none if the package is missing, as without the extra."""
    spec = importlib.util.find_spec("tzdata")
    if spec is None or spec.origin is None:
        return {}
    root = Path(spec.origin).parent / "zoneinfo"
    files = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and (content := path.read_bytes()).startswith(_MAGIC):
            files[f"{_FOLDER}/{path.relative_to(root).as_posix()}"] = content
    return files
