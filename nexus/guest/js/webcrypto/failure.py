"""The errors that a guest sees as DOMExceptions."""

from __future__ import annotations

from typing import Final

DATA: Final = "DataError"
OPERATION: Final = "OperationError"
NOT_SUPPORTED: Final = "NotSupportedError"
INVALID_ACCESS: Final = "InvalidAccessError"


class Failure(Exception):
    """A call that failed; *name* is the name of the guest's DOMException."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message
