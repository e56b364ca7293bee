"""A handler's files, collected for an upload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from werkzeug.datastructures import Headers
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartEncoder, Preamble

from nexus.guest import Abis
from nexus.handlers.files import declared_files
from nexus.handlers.sources import Source, find_sources, handler_at, is_handler
from nexus.model.file_state import file_state
from nexus.versions.upload import is_hidden

_BOUNDARY = b"nexus-5f0c6a1f7e0d4d0f9a4c"


@dataclass(frozen=True)
class Bundle:
    """One handler, as it is uploaded."""

    name: str
    files: dict[str, bytes]
    manifest: bytes

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        return len(self.manifest) + sum(map(len, self.files.values()))


def collect(path: Path, abis: Abis) -> list[Bundle]:
    """Return the handler at *path*, or all handlers of the folder there.

    Raises: click.UsageError if there are none; NexusError, OSError.
    """
    if path.is_file() and path.suffix not in abis.suffixes:
        allowed = ", ".join(abis.suffixes)
        raise click.UsageError(f"{path}: found {path.suffix or 'no suffix'}, allowed: {allowed}")
    if is_handler(path, abis):
        return [_bundle(handler_at(path, abis), abis)]
    path = path.resolve()
    sources = find_sources(path, abis)
    if not sources:
        allowed = ", ".join((*abis.suffixes, *abis.indexes))
        raise click.UsageError(f"{path} has no handler; allowed: {allowed}")
    return [_bundle(source, abis) for source in sources]


def encode(bundle: Bundle, note: str) -> tuple[bytes, str]:
    """Return *bundle* as a form, and its Content-Type."""
    encoder = MultipartEncoder(_BOUNDARY)
    events: list[Preamble | Field | File | Data | Epilogue] = [Preamble(data=b"")]
    texts = [("manifest", bundle.manifest), ("note", note.encode())]
    for name, content in texts:
        if content:
            events += [Field(name=name, headers=Headers()), Data(data=content, more_data=False)]
    for path, content in bundle.files.items():
        events.append(File(name="files", filename=path, headers=Headers()))
        events.append(Data(data=content, more_data=False))
    events.append(Epilogue(data=b""))
    body = b"".join(map(encoder.send_event, events))
    return body, f"multipart/form-data; boundary={_BOUNDARY.decode()}"


def _bundle(source: Source, abis: Abis) -> Bundle:
    root = source.path if source.is_static else source.path.parent
    if source.is_index or source.is_static:
        paths: Iterable[Path] = _walk(root)
    else:
        state = file_state(source.manifest)
        folders = declared_files(source.manifest, state).folders if state else ()
        paths = [*abis.files(source.path), *(p for each in folders for p in _walk(root / each))]
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file() and path.is_relative_to(root)
    }
    manifest = source.manifest.read_bytes() if source.manifest.is_file() else b""
    return Bundle(source.name, files, manifest)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if is_hidden(path.name) or path.name == "__pycache__":
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path
