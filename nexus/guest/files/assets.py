"""Files as answers to HTTP requests, with the rules of Workers' static assets.

A path without `.html` finds the file with it, a folder's page is its `index.html`, and the other
spellings of a page's path redirect to the one that counts. A path without a file is answered with
the nearest `404.html`. Folders are never listed, and names that begin with a dot do not exist.
"""

from __future__ import annotations

import mimetypes
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import quote

from nexus.guest.files.nodes import Folder, OpenedFile, Status
from nexus.guest.files.walk import walk
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused
from nexus.model.file_state import COARSE_S

METHODS: Final = ("GET", "HEAD")

_INDEX, _HTML, _NOT_FOUND = b"index.html", b".html", b"404.html"
_WELL_KNOWN: Final = b".well-known"  # RFC 8615
_UNUSABLE: Final = frozenset({errno.IO, errno.MFILE})
"""Errors of the host. After any other error the file counts as absent."""
_HASHED_BYTES: Final = 16 << 20
"""up to this size a file's tag is a digest of its content, the same on all machines"""
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_TYPES: Final = mimetypes.MimeTypes(filenames=())
_MORE_TYPES: Final = {
    ".avif": "image/avif",
    ".js": "text/javascript",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}

_MOST_TAGS: Final = 4096
_tags: dict[tuple[int, ...], str] = {}
"""tags by number, size and times of the file; threads may both make one"""


class Part(NamedTuple):
    """A part of a file."""

    file: OpenedFile
    start: int
    length: int


class Answer(NamedTuple):
    """The answer to a request."""

    status: int
    headers: list[tuple[str, str]]
    """without Content-Length"""
    body: Part | None
    """None for an answer without a body"""


class _Found(NamedTuple):
    file: OpenedFile
    name: bytes


def answer(
    root: Folder,
    method: str,
    path: bytes,
    headers: Mapping[str, str],
    *,
    query: str = "",
    prefix: str = "",
) -> Answer:
    """Return the answer of the files in *root* for *path*, a URL's path without percent-encoding.
    *headers* have names in lower case. Redirects keep *query* and begin with *prefix*, which the
    paths of URLs have before *path*. The answer to HEAD is that to GET.

    Raises: Refused if the host cannot read a file.
    """
    if method not in METHODS:
        return Answer(405, [("Allow", ", ".join(METHODS))], None)
    if prefix and not path:
        return _redirect(f"{prefix}/", query)  # or relative links would miss
    names = [name for name in path.split(b"/") if name]
    if not any(name[:1] == b"." and name != _WELL_KNOWN for name in names):
        found = _find(root, names, is_folder=path[-1:] == b"/")
        if isinstance(found, _Found):
            return _content(found, headers)
        if found is not None:
            return _redirect(prefix + found, query)
    return _not_found(root, names)


def _redirect(path: str, query: str) -> Answer:
    return Answer(307, [("Location", f"{path}?{query}" if query else path)], None)


def _find(root: Folder, names: list[bytes], *, is_folder: bool) -> _Found | str | None:
    """Return the file at *names*, the path to redirect to, or None if no file matches."""
    if is_folder or not names:
        if found := _open(root, [*names, _INDEX]):
            return found
        if names and _open(root, [*names[:-1], names[-1] + _HTML]):
            return _path(names)
        return None
    *folders, last = names
    if found := _open(root, names):
        if last == _INDEX:
            return _path(folders, is_folder=True)
        return _path([*folders, last[: -len(_HTML)]]) if last.endswith(_HTML) else found
    if found := _open(root, [*folders, last + _HTML]):
        return found
    return _path(names, is_folder=True) if _open(root, [*names, _INDEX]) else None


def _not_found(root: Folder, names: list[bytes]) -> Answer:
    """Return a 404, with the nearest `404.html` from the path's folder upwards."""
    for depth in range(len(names), -1, -1):
        if found := _open(root, [*names[:depth], _NOT_FOUND]):
            length = found.file.size()
            return Answer(404, _described(_NOT_FOUND), Part(found.file, 0, length))
    return Answer(404, [], None)


def _open(root: Folder, names: list[bytes]) -> _Found | None:
    try:
        folder, name, node, _ = walk(root, b"/".join(names), follow=True)
        if node is None or isinstance(node, Folder):
            return None
        return _Found(folder.open(name, reads=True, writes=False), names[-1])
    except Refused as refused:
        if refused.errno in _UNUSABLE:
            raise
        return None


def _path(names: list[bytes], *, is_folder: bool = False) -> str:
    """Return the path of a URL: made anew, so that it begins with one slash."""
    path = "/" + "/".join(map(quote, names))
    return f"{path}/" if is_folder and names else path


def _content(found: _Found, headers: Mapping[str, str]) -> Answer:
    file = found.file
    status = file.status()
    tag, size = _tag(file, status), status.size
    common = [("ETag", tag), ("Cache-Control", "public, max-age=0, must-revalidate")]
    if _matches(headers.get("if-none-match", ""), tag):
        return Answer(304, common, None)
    common += [*_described(found.name), ("Accept-Ranges", "bytes")]
    asked = _RANGE.fullmatch(headers.get("range", "").strip())
    if asked is None or not any(asked.groups()) or headers.get("if-range", tag) != tag:
        return Answer(200, common, Part(file, 0, size))
    first, last = asked.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < int(first):
        return Answer(200, common, Part(file, 0, size))  # not a valid range
    if start >= end:
        return Answer(416, [*common[:1], ("Content-Range", f"bytes */{size}")], None)
    common.append(("Content-Range", f"bytes {start}-{end - 1}/{size}"))
    return Answer(206, common, Part(file, start, end - start))


def _described(name: bytes) -> list[tuple[str, str]]:
    kind = content_type(name.decode("utf-8", "replace"))
    return [("Content-Type", kind), ("X-Content-Type-Options", "nosniff")]


@lru_cache(maxsize=512)
def content_type(name: str) -> str:
    """Return the media type of a file called *name*, by its suffix."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    kind = _MORE_TYPES.get(suffix)
    if kind is None:
        guessed, coding = _TYPES.guess_type(f"x{suffix}")
        kind = {None: guessed, "gzip": "application/gzip"}.get(coding) or "application/octet-stream"
    is_text = kind.startswith("text/") or kind in ("application/json", "image/svg+xml")
    return f"{kind}; charset=utf-8" if is_text else kind


def _matches(given: str, tag: str) -> bool:
    """Return whether If-None-Match lists *tag* (RFC 9110 section 13.1.2: weak comparison)."""
    listed = [each.strip().removeprefix("W/") for each in given.split(",")]
    return listed == ["*"] or tag in listed


def _tag(file: OpenedFile, status: Status) -> str:
    if status.size > _HASHED_BYTES:
        return f'"{status.size:x}-{status.modified_ns:x}"'
    key = (status.number, status.size, status.modified_ns, status.changed_ns)
    if time.time_ns() - status.changed_ns < COARSE_S * 1e9:  # may change without a new time
        return _digest(file, status.size)
    known = _tags.get(key)
    if known is None:
        if len(_tags) >= _MOST_TAGS:
            _tags.clear()
        known = _tags[key] = _digest(file, status.size)
    return known


def _digest(file: OpenedFile, size: int) -> str:
    return f'"{blake2b(file.read(0, size), digest_size=12).hexdigest()}"'
