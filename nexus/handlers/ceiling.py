"""Checks what a client that runs source text asks for against what the operator allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from nexus.errors import Forbidden, InvalidArgument
from nexus.model import Limits
from nexus.plugin_api.capabilities import SCOPES, capabilities_of

_MIB: Final = 1 << 20


@dataclass(frozen=True)
class TextLimits:
    """The limits that a client asks for; None: the settings' own."""

    timeout_ms: int | None = None
    cpu_timeout_ms: int | None = None
    memory_limit_mb: int | None = None
    max_host_calls: int | None = None


NO_LIMITS: Final = TextLimits()


def lowered(wanted: TextLimits, ceiling: Limits) -> Limits:
    """Return *ceiling*, lowered to what is *wanted*.

    A shorter `timeout_ms` alone lowers the CPU time with it, like in the settings.

    Raises: InvalidArgument if *wanted* has more than *ceiling*, or another memory limit than a
        power of two: each one needs its own build of the language runtime.
    """
    timeout_s = _seconds("timeout_ms", wanted.timeout_ms, ceiling.timeout_s)
    cpu_s = _seconds("cpu_timeout_ms", wanted.cpu_timeout_ms, ceiling.cpu_timeout_s)
    if wanted.cpu_timeout_ms is None:
        cpu_s = min(cpu_s, timeout_s)
    calls = wanted.max_host_calls
    if calls is not None:
        _check("max_host_calls", calls, ceiling.max_host_calls)
    return replace(
        ceiling,
        timeout_s=timeout_s,
        cpu_timeout_s=cpu_s,
        memory_bytes=_memory_bytes(wanted.memory_limit_mb, ceiling.memory_bytes),
        max_host_calls=ceiling.max_host_calls if calls is None else calls,
    )


def check_granted(wanted: Sequence[str], ceiling: Sequence[str], setting: str) -> tuple[str, ...]:
    """Return the capabilities *wanted* if *ceiling* grants each of them. *setting*: what the
    ceiling is called, for the error.

    Raises: InvalidArgument for a text that is not a capability; Forbidden.
    """
    try:
        capabilities_of(tuple(wanted))
    except ValueError as error:
        raise InvalidArgument(f"capabilities: {error}") from error
    granted = capabilities_of(tuple(ceiling))
    for token in wanted:
        if token not in ceiling and not any(
            token.startswith(f"{scope}:") and granted.allows(scope, token[len(scope) + 1 :])
            for scope in SCOPES
        ):
            allowed = ", ".join(ceiling) or "no capabilities"
            raise Forbidden(f"capabilities: found {token[:80]}, allowed: {allowed} ({setting})")
    return tuple(wanted)


def _seconds(name: str, wanted_ms: int | None, ceiling_s: float) -> float:
    if wanted_ms is None:
        return ceiling_s
    _check(name, wanted_ms, round(ceiling_s * 1000))
    return wanted_ms / 1000


def _memory_bytes(wanted_mb: int | None, ceiling: int) -> int:
    if wanted_mb is None or wanted_mb << 20 == ceiling:
        return ceiling
    _check("memory_limit_mb", wanted_mb, ceiling // _MIB)
    if wanted_mb & (wanted_mb - 1):
        raise InvalidArgument(
            f"limits.memory_limit_mb: found {wanted_mb}, allowed: a power of two, or "
            f"{ceiling // _MIB}"
        )
    return wanted_mb << 20


def _check(name: str, wanted: int, ceiling: int) -> None:
    if wanted > ceiling:
        raise InvalidArgument(
            f"limits.{name}: found {wanted}, allowed: up to {ceiling} (the setting {name})"
        )
