"""The result of one check."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["ok", "warning", "error"]


class Finding(NamedTuple):
    """The result of one check. An error stops the server or its handlers; a warning costs speed, or
    takes something away."""

    subject: str
    state: State
    found: str
    cure: str = ""
    """what to do; empty if the state is ok"""


def ok(subject: str, found: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(subject, "ok", found)


def warning(subject: str, found: str, cure: str) -> Finding:
    """Return a finding that the server can live with."""
    return Finding(subject, "warning", found, cure)


def error(subject: str, found: str, cure: str) -> Finding:
    """Return a finding that stops the server, or some handlers."""
    return Finding(subject, "error", found, cure)
