"""The settings that a plugin may read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Settings(Protocol):
    """The settings of one process, read-only; `docs/configuration.md` explains each one."""

    @property
    def plugins(self) -> Mapping[str, Mapping[str, Any]]:
        """One table of options for each plugin; `plugin_options` reads and checks it."""
        ...

    @property
    def handlers_dir(self) -> Path: ...

    @property
    def cache_dir(self) -> Path: ...

    @property
    def workers(self) -> int: ...

    @property
    def threads(self) -> int: ...

    @property
    def max_instances(self) -> int: ...

    @property
    def timeout_ms(self) -> int: ...

    @property
    def plugin_timeout_ms(self) -> int: ...

    @property
    def log_level(self) -> str: ...

    @property
    def state_dir(self) -> Path: ...

    @property
    def secrets_dir(self) -> str: ...

    @property
    def kv_store(self) -> str: ...

    @property
    def javascript_runtime(self) -> str: ...

    @property
    def javascript_runtime_sha256(self) -> str: ...

    @property
    def python_runtime(self) -> str: ...

    @property
    def python_runtime_sha256(self) -> str: ...

    @property
    def python_library(self) -> str: ...
