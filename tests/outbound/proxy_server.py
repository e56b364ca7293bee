"""A proxy on loopback that opens tunnels by CONNECT, and records what it was asked for."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Mapping
from http.client import parse_headers
from io import BufferedIOBase
from typing import cast


class ProxyServer:
    """Connects where its table says; each client has a thread."""

    def __init__(self, places: Mapping[str, tuple[str, int]], user: str = "") -> None:
        """*places*: by authority, where its connections go; others get 502. *user*: the value that
        Proxy-Authorization must have; empty: any."""
        self.places, self.user = dict(places), user
        self.asked: list[str] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Close all connections, and wait for the threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(9)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):  # its thread was faster
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(9)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            self._threads.append(threading.Thread(target=self._serve, args=(client,), daemon=True))
            self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as incoming:
            method, authority, _ = incoming.readline().decode("ascii").split(" ")
            fields = parse_headers(cast(BufferedIOBase, incoming))
            self.asked.append(f"{method} {authority}")
            if self.user and fields.get("Proxy-Authorization") != self.user:
                client.sendall(b"HTTP/1.1 407 Who?\r\nContent-Length: 3\r\n\r\nno\n")
            elif authority not in self.places:
                client.sendall(b"HTTP/1.1 502 No such place\r\nContent-Length: 0\r\n\r\n")
            else:
                with socket.create_connection(self.places[authority], 9) as upstream:
                    self._open.append(upstream)
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    with contextlib.suppress(OSError):  # one of both has left
                        _join(client, upstream)


def _join(one: socket.socket, other: socket.socket) -> None:
    """Pass on what either sends, until one ends."""
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select():
                content = cast(socket.socket, key.fileobj).recv(1 << 16)
                if not content:
                    return
                key.data.sendall(content)
