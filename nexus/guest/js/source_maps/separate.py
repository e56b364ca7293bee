"""Takes the maps of a handler's files apart from the files, which QuickJS need not read then."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

_COMMENT: Final = b"sourceMappingURL="
_LINE: Final = re.compile(rb"//[#@][ \t]*sourceMappingURL=([^\s'\"]+)[ \t]*\Z")
_DATA: Final = re.compile(r"data:(?:application|text)/json[^,]*,", re.IGNORECASE)
_FILE: Final = re.compile(r"[^:?#*\\]{1,512}\.map")


def map_file(content: bytes) -> str | None:
    """Return the relative path of the map file that *content* names in its last lines, if any."""
    return _relative(_url(content)[1])


def separate(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return *files* without source maps, inline or beside them, and the map of each file."""
    code, maps, beside = dict(files), {}, set()
    for name, content in files.items():
        before, url = _url(content)
        inline = _DATA.match(url)
        if inline is not None:
            code[name] = before
            maps[name] = _decoded(url[: inline.end()], url[inline.end() :])
            continue
        target = _relative(url)
        if target is not None:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if path in files:
                maps[name] = files[path]
                beside.add(path)
    return {name: content for name, content in code.items() if name not in beside}, maps


def _url(content: bytes) -> tuple[bytes, str]:
    """Return what comes before the comment with the map's URL, and the URL, or an empty one."""
    at = content.rfind(_COMMENT)
    start = content.rfind(b"\n", 0, at) + 1
    found = _LINE.search(content.rstrip(), start) if at >= 0 else None
    if found is None:
        return content, ""
    return content[: found.start()], found[1].decode("utf-8", "replace")


def _relative(url: str) -> str | None:
    """Return the path that *url* is, if it is the relative one of a map file."""
    return unquote(url) if _FILE.fullmatch(url) and not url.startswith("/") else None


def _decoded(kind: str, data: str) -> bytes:
    if not kind.lower().endswith(";base64,"):
        return unquote_to_bytes(data)
    try:
        return base64.b64decode(unquote(data), validate=True)
    except (binascii.Error, ValueError):
        return b"not base64"
