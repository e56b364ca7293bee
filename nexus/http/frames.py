"""Lets an answered request go at once, where Python would keep it until a garbage collection.

An error's traceback leads to frames, and their variables to the request: to its body, and under
granian to its connection, which stays open for as long as a body is there that was not read. Where
a frame or the request has the error, too, that is a cycle.
"""

from __future__ import annotations


def drop_frames(error: BaseException) -> None:
    """Drop the tracebacks of *error*, which was logged, and of the errors that it came from."""
    found: BaseException | None = error
    while found is not None:
        found.__traceback__ = None
        found = found.__cause__ or found.__context__
