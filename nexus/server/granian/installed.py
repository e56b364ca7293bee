"""Checks whether granian can be used, which otherwise ends a worker with a panic."""

from __future__ import annotations

import ssl
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from nexus.errors import ConfigError

_CURE = "pip install nexus-runtime[granian]"


def check_installed() -> None:
    """Raises: ConfigError if granian is missing, or is a version that was not tried."""
    try:
        found = version("granian")
    except PackageNotFoundError:
        raise ConfigError(
            [f"server: found granian, which is not installed ({_CURE}); allowed: gunicorn"]
        ) from None
    if found.split(".")[:2] != ["2", "8"]:
        raise ConfigError(
            [f"server: found granian {found}; allowed: gunicorn, granian 2.8 ({_CURE})"]
        )


def check_tls(cfg: Any) -> None:
    """Check the files of gunicorn's TLS settings, if there are any.

    Raises: ConfigError if granian could not use them.
    """
    if not cfg.is_ssl:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Without a function for the password, OpenSSL would ask on the terminal.
        context.load_cert_chain(cfg.certfile, cfg.keyfile or cfg.certfile, lambda: "")
        if cfg.ca_certs:
            context.load_verify_locations(cfg.ca_certs)
    except (OSError, TypeError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ConfigError(
            [
                f"certfile, keyfile, ca_certs: found {cfg.certfile}, {cfg.keyfile}, "
                f"{cfg.ca_certs}, which cannot be used ({error}); allowed: PEM files, a key "
                "without a password that belongs to the certificate"
            ]
        ) from error
