"""Artifacts on disk: a compiled module, or the state of a language runtime that loaded a handler.

Engines trust compiled code completely: a truncated artifact crashes the process. So a file is
`magic | SHA-256 of the rest | length of the JSON part | JSON | content`, and nothing in it is used
before the digest is checked. The content is a module's code, or a preparation's memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from nexus.compiler.base import LEVEL, Base
from nexus.model import Compiled, Export, FuncType, Import, ModuleInfo, MutableGlobal, Snapshot

_MAGIC = b"NXART005"
_DIGEST_BYTES = 32
_HEADER_BYTES = len(_MAGIC) + _DIGEST_BYTES


@dataclass(frozen=True, eq=False)
class Preparation:
    """The state of a language runtime after loading a handler, stored apart from the runtime."""

    key: str
    runtime_key: str
    """names the runtime and the version of its set-up: snapshots with the same one share a base"""
    snapshot: Snapshot = field(repr=False)
    entry: tuple[int, ...]
    made: str = field(default_factory=lambda: os.urandom(8).hex())
    """distinguishes preparations under one key: an entry point may lie elsewhere in each of
    them"""


Artifact: TypeAlias = Compiled | Preparation
FindBase: TypeAlias = Callable[[str], "Base | None"]
"""Takes a runtime's key; returns the base of its snapshots, or None if the cache has no base"""


def pack(artifact: Artifact, *, compressed: bool = False, base: Base | None = None) -> bytes:
    """Return the bytes of an artifact file; of a `Compiled`, only the module. With a *base*, a
    preparation's bytes need that again."""
    head: dict[str, Any]
    content: bytes | memoryview
    if isinstance(artifact, Compiled):
        head = {"abi": artifact.abi, "info": asdict(artifact.info)}
        content = artifact.artifact
    else:
        snapshot, content = artifact.snapshot, artifact.snapshot.memory
        head = {"runtime_key": artifact.runtime_key, "entry": artifact.entry}
        head |= {"globals": snapshot.globals, "made": artifact.made, "size": len(content)}
        if base is not None:
            head["pages"], content = base.difference(content)
            head["base"] = base.digest
    if compressed and "base" not in head:
        content, head["compressed"] = zlib.compress(content, LEVEL), True
    line = json.dumps({"key": artifact.key, **head}).encode()
    body = b"".join((len(line).to_bytes(4, "big"), line, content))
    return _MAGIC + hashlib.sha256(body).digest() + body


def unpack(content: bytes, key: str, find_base: FindBase | None = None) -> Artifact | None:
    """Return the artifact in a file's bytes; None if they are damaged, not for *key*, or if
    *find_base* does not return the base that they need."""
    header, body = content[:_HEADER_BYTES], memoryview(content)[_HEADER_BYTES:]
    if header != _MAGIC + hashlib.sha256(body).digest():
        return None
    split = 4 + int.from_bytes(body[:4], "big")
    head, rest = json.loads(bytes(body[4:split])), bytes(body[split:])
    if head["key"] != key:
        return None
    if head.get("compressed"):
        rest = zlib.decompress(rest)
    if "info" in head:
        return Compiled(key, rest, _info(head["info"]), head["abi"])
    snapshot = Snapshot(rest, tuple(head["globals"]))
    if "base" in head:
        base = None if find_base is None else find_base(head["runtime_key"])
        if base is None or base.digest != head["base"]:
            return None
        snapshot = base.snapshot(head["size"], head["pages"], rest, snapshot.globals)
    return Preparation(key, head["runtime_key"], snapshot, tuple(head["entry"]), head["made"])


def _info(fields: dict[str, Any]) -> ModuleInfo:
    return ModuleInfo(
        **{
            **fields,
            "imports": tuple(Import(**{**i, "type": _type(i["type"])}) for i in fields["imports"]),
            "exports": tuple(Export(**{**e, "type": _type(e["type"])}) for e in fields["exports"]),
            "mutable_globals": tuple(MutableGlobal(**g) for g in fields["mutable_globals"]),
        }
    )


def _type(fields: dict[str, Any] | None) -> FuncType | None:
    if fields is None:
        return None
    return FuncType(tuple(fields["params"]), tuple(fields["results"]))
