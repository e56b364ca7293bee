"""A handler's source: one file, or several that import each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Bundle:
    """All files of a handler, by their path: below the handlers folder, or in Python below the
    handler's own."""

    entry: str
    files: Mapping[str, bytes]
    is_text: bool = False
    """whether a caller passed the source as text, which may also be a script"""

    def digest(self) -> bytes:
        """Return the digest of the names and contents of all files."""
        return hashlib.sha256(self.pack()).digest()

    def pack(self) -> bytes:
        """Return the bundle as bytes, for `unpack_bundle`."""
        files = [(name, len(content)) for name, content in sorted(self.files.items())]
        facts = {"entry": self.entry, "files": files, "is_text": self.is_text}
        head = json.dumps(facts).encode()
        return head + b"\n" + b"".join(content for _, content in sorted(self.files.items()))


def unpack_bundle(packed: bytes) -> Bundle:
    """Return the bundle from which `Bundle.pack` made *packed*."""
    line, _, rest = packed.partition(b"\n")
    head = json.loads(line)
    files, start = {}, 0
    for name, size in head["files"]:
        files[name] = rest[start : start + size]
        start += size
    return Bundle(head["entry"], files, head["is_text"])
