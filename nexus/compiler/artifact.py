"""An artifact on disk: what is known of a module, and its compiled code, under one digest.

Engines trust compiled code completely: a truncated artifact crashes the process. So a file is
`magic | SHA-256 of the rest | length of the JSON part | JSON | code`, and nothing of it is used
before the digest was checked. Where there is a snapshot, its memory comes before the code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from nexus.model import Compiled, Export, FuncType, Import, ModuleInfo, MutableGlobal, Snapshot

_MAGIC = b"NXART002"
_DIGEST_BYTES = 32
_HEADER_BYTES = len(_MAGIC) + _DIGEST_BYTES


def pack(compiled: Compiled) -> bytes:
    """The bytes of an artifact file."""
    snapshot = compiled.snapshot
    head = json.dumps(
        {
            "key": compiled.key,
            "abi": compiled.abi,
            "info": asdict(compiled.info),
            "module_key": compiled.module_key,
            "entry": compiled.entry,
            "globals": snapshot and snapshot.globals,
            "memory_bytes": len(snapshot.memory) if snapshot else 0,
        }
    )
    memory = snapshot.memory if snapshot else b""
    body = b"".join((len(head).to_bytes(4, "big"), head.encode(), memory, compiled.artifact))
    return _MAGIC + hashlib.sha256(body).digest() + body


def unpack(content: bytes, key: str) -> Compiled | None:
    """The compiled module in an artifact file; None where the bytes are damaged or not *key*'s."""
    header, body = content[:_HEADER_BYTES], memoryview(content)[_HEADER_BYTES:]
    if header != _MAGIC + hashlib.sha256(body).digest():
        return None
    split = 4 + int.from_bytes(body[:4], "big")
    head = json.loads(bytes(body[4:split]))
    if head["key"] != key:
        return None
    code = split + head["memory_bytes"]
    snapshot = None
    if head["globals"] is not None:
        snapshot = Snapshot(bytes(body[split:code]), tuple(head["globals"]))
    return Compiled(
        key,
        bytes(body[code:]),
        _info(head["info"]),
        head["abi"],
        head["module_key"],
        snapshot,
        entry=tuple(head["entry"]),
    )


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
