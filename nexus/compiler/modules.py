"""What is to be compiled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Module:
    """One module; see `Order`, which has the same."""

    source: bytes
    is_text: bool = False
    functions: tuple[str, ...] = ()
    abi: str = ""
