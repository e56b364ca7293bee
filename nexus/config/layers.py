"""The layers of settings: command line, environment, file and defaults."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from nexus.config.plugin_tables import from_variables, single
from nexus.config.settings import Settings
from nexus.config.toml_file import read_toml
from nexus.plugin_api.problems import suggestion

PREFIX = "NEXUS_"
BARE_NAMES = frozenset(
    {
        "timeout_ms",
        "min_instances",
        "max_instances",
        "memory_limit_mb",
        "max_host_calls",
        "cache_dir",
        "log_level",
        "http_max_concurrent",
        "http_timeout",
    }
)
"""Settings whose environment variable also works without the prefix"""
OTHER_VARIABLES = frozenset(
    {
        "NEXUS_CONFIG",
        "NEXUS_CONFIG_FOLDER",
        "NEXUS_ADMIN_TOKEN",
        "NEXUS_ADMIN_TOKEN_FILE",
        "NEXUS_DISABLED_PLUGINS",
        "NEXUS_READY_DIR",
        "NEXUS_RUN_DIR",
        "NEXUS_STUCK_LOG_DIR",
    }
)
"""Our variables that are not settings"""

# Variables that a source of settings reads itself, such as NEXUS_CONFIG_REDIS_URL.
_OF_A_SOURCE = re.compile(r"NEXUS_CONFIG_[A-Z0-9]+_[A-Z0-9_]+")

_SECRET = re.compile(r"NEXUS_SECRET_\w+")  # for handlers whose manifests name it

# Kubernetes sets these for every Service in the pod's namespace; ours is called nexus-runtime.
_SERVICE_LINK = re.compile(
    r"NEXUS_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_[A-Z]+)?)"
)
_SERVICE_URL = re.compile(r"(tcp|udp|sctp)://")


class Layer(PydanticBaseSettingsSource):
    """The values of one source, and for each a description of where it was found."""

    def __init__(self, values: Mapping[str, object], origins: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self.values, self.origins = values, origins

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self.values)


def variables(name: str) -> tuple[str, ...]:
    """Return the environment variables for setting *name*; the first one that is set wins."""
    prefixed = PREFIX + name.upper()
    return (prefixed, name.upper()) if name in BARE_NAMES else (prefixed,)


def from_options(options: Mapping[str, object]) -> Layer:
    """Return the values from the command line; None stands for a missing option."""
    values = {name: value for name, value in options.items() if value is not None}
    return Layer(values, {name: f"option --{name.replace('_', '-')}" for name in values})


def from_environ(environ: Mapping[str, str]) -> Layer:
    """Return the settings in *environ*, with or without prefix."""
    found = {
        name: next((variable for variable in variables(name) if variable in environ), None)
        for name in Settings.model_fields
    }
    origins = {name: variable for name, variable in found.items() if variable is not None}
    values: dict[str, object] = {name: environ[found] for name, found in origins.items()}
    origins = {name: f"environment variable {variable}" for name, variable in origins.items()}
    tables, origin = from_variables(environ)
    if origin is not None:
        values["plugins"], origins["plugins"] = tables, origin
    return Layer(values, origins)


def from_file(path: Path, label: str) -> Layer:
    """Return the keys of the TOML file at *path*. Raises: as `read_toml` does."""
    values = read_toml(path)
    return Layer(values, dict.fromkeys(values, label))


def from_defaults(environ: Mapping[str, str]) -> Layer:
    """Return the one default that depends on the environment: the cache folder.

    It follows the XDG Base Directory Specification, by which a relative $XDG_CACHE_HOME must be
    ignored. Without a home directory there is no such default.
    """
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        home = home_directory(environ)
        if home is None:
            return Layer({}, {})
        base = home / ".cache"
    return Layer({"cache_dir": base / "nexus"}, {"cache_dir": "default"})


def home_directory(environ: Mapping[str, str]) -> Path | None:
    """Return $HOME, else the user database's entry (a service may have neither)."""
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return None
    return Path(home)


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return one warning for each unknown NEXUS_ variable, sorted.

    These are not errors: other tools may share the prefix, and Kubernetes does.
    """
    known = OTHER_VARIABLES | {PREFIX + name.upper() for name in Settings.model_fields}
    return [
        f"environment variable {name} is not known; {suggestion(name, sorted(known))}"
        for name in sorted(environ)
        if name.startswith(PREFIX)
        and name not in known
        and not single(name)
        and not _OF_A_SOURCE.fullmatch(name)
        and not _SECRET.fullmatch(name)
        and not _is_service_link(name, environ)
    ]


def _is_service_link(name: str, environ: Mapping[str, str]) -> bool:
    if name.endswith("_PORT") and _SERVICE_URL.match(environ[name]):
        return True
    return _SERVICE_LINK.fullmatch(name) is not None
