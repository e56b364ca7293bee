"""Answers `env.ASSETS.fetch` with the handler's files."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes, urlsplit

from nexus.guest.files.assets import answer
from nexus.guest.files.mounts import root_of
from nexus.guest.host.framed import Framed
from nexus.guest.host.status import FAILED, OK
from nexus.guest.json_text import parse_json, to_json
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused
from nexus.model import Files, Handler
from nexus.plugin_api.guest import Run


class Assets(Framed):
    """Takes {method, url, headers} as JSON; the answer is {status, headers} as a line of JSON, and
    the body. The part of the URL's path below the handler's route is the file's path."""

    def __init__(self, handler: Handler, run: Run) -> None:
        super().__init__()
        assert handler.files is not None
        self._root = root_of(Files(handler.files.mounts))
        self._route = "" if handler.strip_prefix else handler.route.rstrip("/")
        self._most_bytes = run.limits.max_response_bytes

    def write(self, content: memoryview) -> None:
        try:
            asked = parse_json(bytes(content))
            method, url = str(asked["method"]), str(asked["url"])
            headers = {str(name): str(value) for name, value in asked["headers"]}
            parts = urlsplit(url)
            path = unquote_to_bytes(parts.path)
        except (ValueError, TypeError, LookupError) as error:
            raise Refused(errno.INVAL) from error
        self._answer(method, path, parts.query, headers)

    def _answer(self, method: str, path: bytes, query: str, headers: dict[str, str]) -> None:
        prefix, route = "", self._route
        if route and f"{route}/".encode() == (path + b"/")[: len(route) + 1]:
            path, prefix = path[len(route) :], route
        status, fields, part = answer(self._root, method, path, headers, query=query, prefix=prefix)
        length = 0 if part is None else part.length
        body = b""
        if method == "HEAD":
            fields.append(("content-length", str(length)))
        elif part is not None:
            if length > self._most_bytes:
                what = f"the file has {length} bytes; max_response_bytes allows {self._most_bytes}"
                self.reply(FAILED, to_json(what))
                return
            body = part.file.read(part.start, length)
        head = to_json({"status": status, "headers": [[name.lower(), v] for name, v in fields]})
        self.reply(OK, head + b"\n" + body)
