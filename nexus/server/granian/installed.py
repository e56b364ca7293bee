"""Checks that granian can be used, once, in gunicorn's master."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

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
