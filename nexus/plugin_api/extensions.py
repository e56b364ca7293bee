"""The interface of an extension, which answers a guest's call at once."""

from __future__ import annotations

from typing import Any, Protocol


class ExtensionError(Exception):
    """Raised by an `Extension` for the guest to catch; the guest sees the message."""


class Extension(Protocol):
    """Answers `$ext.NAME.method(arguments)` in a guest; called from any thread."""

    def call(self, method: str, arguments: Any) -> Any:
        """Return a JSON value for JSON *arguments*. The run's deadline keeps counting.

        Raises: ExtensionError.
        """
        ...
