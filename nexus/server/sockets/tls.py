"""TLS contexts like gunicorn's, but shared by all connections."""

from __future__ import annotations

import logging
import os
import ssl
from typing import Any

from gunicorn import sock as gunicorn_sock

log = logging.getLogger("nexus.server")


class TlsContext:
    """The context for new connections; made again when one of its files changes."""

    def __init__(self, cfg: Any) -> None:
        self._cfg = cfg
        self._context: ssl.SSLContext | None = None
        self._made_from: list[tuple[str, int, int]] = []

    def wrap(self, sock: Any) -> ssl.SSLSocket:
        """Wrap *sock* in TLS; the caller must shake hands. Raises: OSError; ssl.SSLError."""
        wrapped: ssl.SSLSocket = self._current().wrap_socket(
            sock,
            server_side=True,
            suppress_ragged_eofs=self._cfg.suppress_ragged_eofs,
            do_handshake_on_connect=False,
        )
        return wrapped

    def _current(self) -> ssl.SSLContext:
        files = [self._cfg.certfile, self._cfg.keyfile, self._cfg.ca_certs]
        try:
            stats = [(file, os.stat(file)) for file in files if file]
            made_from = [(file, stat.st_mtime_ns, stat.st_ino) for file, stat in stats]
            if self._context is None or made_from != self._made_from:
                self._context = gunicorn_sock.ssl_context(self._cfg)
                self._made_from = made_from
        except OSError as error:  # ssl.SSLError is one
            if self._context is None:
                raise
            log.error("the TLS files cannot be used, the last good ones serve on: %s", error)
        return self._context
