"""What an extension is: it answers a guest's call at once."""

from __future__ import annotations

from typing import Any, Protocol


class ExtensionError(Exception):
    """What an `Extension` raises for the guest to catch; the message is the guest's to see."""


class Extension(Protocol):
    """Answers `$ext.NAME.method(arguments)` in a guest; called from any thread."""

    def call(self, method: str, arguments: Any) -> Any:
        """Return a JSON value for JSON *arguments*. The run's deadline goes on meanwhile.

        Raises: ExtensionError.
        """
        ...
