"""HTTP servers on loopback addresses: they record what arrives, and answer as a test says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

Answer = Callable[["Seen"], "bytes | Last"]
"""Returns all bytes of an answer; empty: the connection is closed without one"""


class Last(bytes):
    """Bytes after which the connection is closed."""


@dataclass
class Seen:
    """A request that has arrived."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    """which of the server's connections it came by, from 1"""
    socket: socket.socket

    def send(self, content: bytes) -> None:
        """Send the first part of an answer."""
        self.socket.sendall(content)

    def wait_for_close(self, timeout_s: float) -> bool:
        """Wait until the client closes the connection; return False if it sends something, or does
        neither."""
        self.socket.settimeout(timeout_s)
        try:
            return not self.socket.recv(1)
        except TimeoutError:
            return False
        except OSError:  # reset
            return True

    def header(self, name: str) -> str | None:
        """Return the value of a header; None if it was not sent."""
        return dict(self.headers).get(name.lower())


def answer(body: bytes = b"ok", status: str = "200 OK", **headers: str) -> bytes:
    """Return an answer with a Content-Length. A `_` in a header's name is a `-`."""
    fields = {"Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body


def in_chunks(*chunks: bytes, head: bool = True, encoding: str = "") -> bytes:
    """Return an answer, or the next part of one, in chunks; an empty one ends it."""
    lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"]
    lines += [f"Content-Encoding: {encoding}"] if encoding else []
    first = "\r\n".join([*lines, "", ""]).encode() if head else b""
    return first + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


def redirect(location: str, status: int = 302) -> bytes:
    """Return a redirect to *location*."""
    return answer(b"moved", f"{status} Moved", Location=location)


@dataclass
class Server:
    """A server; each connection has a thread."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    answers: Answer = lambda seen: answer()
    connections: int = 0
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((self.host, self.port))
        self._listener.listen(128)
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Return the server's URL, without a path."""
        scheme = "http" if self.tls is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    def close(self) -> None:
        """Close the listener and all connections, and wait for the threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.drop_connections()
        for thread in self._threads:
            thread.join()

    def wait_for_threads(self) -> None:
        """Wait until all clients have left, or are dropped after some seconds."""
        for thread in self._threads[1:]:
            thread.join(9)

    def drop_connections(self) -> None:
        """Close all connections."""
        for connection in self._open:
            with contextlib.suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(
                target=self._serve, args=(connection, self.connections), daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as incoming:
                while (seen := _read(incoming, number, connection)) is not None:
                    self.seen.append(seen)
                    if not (answered := self.answers(seen)):
                        return
                    connection.sendall(answered)
                    if isinstance(answered, Last):
                        return
        except OSError:
            pass  # the client left, or does not trust the certificate


def _read(incoming: object, number: int, connection: socket.socket) -> Seen | None:
    line = incoming.readline().decode("latin-1").split(" ")  # type: ignore[attr-defined]
    if len(line) != 3:
        return None
    headers = []
    while text := incoming.readline().decode("latin-1").strip():  # type: ignore[attr-defined]
        name, _, value = text.partition(":")
        headers.append((name.lower(), value.strip()))
    size = int(dict(headers).get("content-length", "0"))
    body = incoming.read(size)  # type: ignore[attr-defined]
    return Seen(line[0], line[1], headers, body, number, connection)
