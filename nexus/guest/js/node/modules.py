"""The sources of `node:` modules, for QuickJS's module loader. A handler that imports none has none
in its snapshot."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_PREFIX: Final = "node:"

NAMES: Final = (
    "assert",
    "assert/strict",
    "async_hooks",
    "buffer",
    "crypto",
    "events",
    "fs",
    "fs/promises",
    "os",
    "path",
    "path/posix",
    "process",
    "querystring",
    "stream",
    "stream/consumers",
    "stream/promises",
    "stream/web",
    "string_decoder",
    "timers",
    "timers/promises",
    "url",
    "util",
    "util/types",
)
"""the modules that handlers may import, with `node:` in front or without"""

ABSENT: Final = (
    *("child_process", "cluster", "dgram", "dns", "http", "http2", "https", "inspector", "module"),
    *("net", "perf_hooks", "readline", "repl", "tls"),
    *("tty", "v8", "vm", "worker_threads", "zlib"),
)
"""modules of Node that handlers cannot have"""

_ELSEWHERE: Final = {
    "assert/strict": 'import { strict } from "node:assert"; export * from "node:assert"; '
    "export const { equal, notEqual, deepEqual, notDeepEqual } = strict; export default strict;",
    "fs/promises": 'import { promises } from "node:fs"; export default promises; '
    "export const { access, constants, mkdir, open, readdir, readFile, rm, stat, unlink, "
    "writeFile } = promises;",
    "path/posix": 'export * from "node:path"; export { default } from "node:path";',
    "stream/consumers": "const bytes = async (stream) => { const parts = []; "
    "for await (const one of stream) parts.push(typeof one === 'string' ? Buffer.from(one) : one); "
    "return Buffer.concat(parts); }; export { bytes as buffer }; "
    "import { Buffer } from 'node:buffer'; "
    "export const text = async (stream) => new TextDecoder().decode(await bytes(stream)); "
    "export const json = async (stream) => JSON.parse(await text(stream)); "
    "export const arrayBuffer = async (stream) => new Uint8Array(await bytes(stream)).buffer; "
    "export const blob = async (stream) => new Blob([await bytes(stream)]); "
    "export default { arrayBuffer, blob, buffer: bytes, json, text };",
    "stream/promises": 'import { promises } from "node:stream"; export default promises; '
    "export const { finished, pipeline } = promises;",
    "stream/web": "export const { ByteLengthQueuingStrategy, CompressionStream, "
    "CountQueuingStrategy, DecompressionStream, ReadableStream, TextDecoderStream, "
    "TextEncoderStream, TransformStream, WritableStream } = globalThis; export default "
    "{ ByteLengthQueuingStrategy, CompressionStream, CountQueuingStrategy, DecompressionStream, "
    "ReadableStream, TextDecoderStream, TextEncoderStream, TransformStream, WritableStream };",
    "timers/promises": 'import { promises } from "node:timers"; export default promises; '
    "export const { setTimeout, setInterval, setImmediate, scheduler } = promises;",
}
_FILES: Final = {"util/types": "types"}
_INTERNAL: Final = frozenset(
    (
        *("ask", "chunks", "codecs", "duplex", "equal", "finished", "flow", "incoming"),
        *("internal", "keys", "numbers", "readable", "sources", "states", "writable"),
    )
)


def module_source(name: str) -> bytes | None:
    """Return the source of the module called *name*, or None if Nexus has no such module.

    A slash at the end, with which packages ask for npm's package of that name, makes no difference.
    """
    name = name.removesuffix("/")
    if name in NAMES:
        both = f'"{_PREFIX}{name}"'
        return f"export * from {both}; export {{ default }} from {both};".encode()
    if not name.startswith(_PREFIX):
        return None
    own = name.removeprefix(_PREFIX)
    if own in _ELSEWHERE:
        return _ELSEWHERE[own].encode()
    if own in NAMES:
        return _read(_FILES.get(own, own))
    internal = own.removeprefix("nexus/")
    return _read(internal) if internal != own and internal in _INTERNAL else None


@lru_cache(maxsize=1)
def digest() -> bytes:
    """Return the digest of all these modules."""
    files = [path.read_bytes() for _, path in sorted(_files().items())]
    return hashlib.sha256(b"\0".join(files)).digest()


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    return {path.stem: path for path in _HERE.glob("*/*.js")}


def _read(file: str) -> bytes:
    return _files()[file].read_bytes()
