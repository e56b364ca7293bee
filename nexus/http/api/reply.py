"""An operation's answer with more than a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A JSON value with its tag and headers."""

    value: Any
    tag: str | None = None
    """goes into `ETag`; None: there is nothing yet that could change"""
    is_new: bool = False
    """whether the operation has made something: then the status is 201"""
    headers: Mapping[str, str] = field(default_factory=dict)
