"""Turns implementations into host functions, which return numbers and never raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nexus.errors import InternalError, ResourceLimit
from nexus.guest.preview1 import (
    clocks,
    environment,
    errno,
    fd_files,
    fd_io,
    fd_status,
    paths,
    poll,
    sockets,
    system,
)
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.signatures import MODULE, SIGNATURES
from nexus.plugin_api.engine import HostFunction, HostFunctions

Implementation = Callable[..., int]
"""The process, then the guest's arguments; returns an error number or raises `Refused`."""

_IMPLEMENTED: Final = (
    clocks,
    environment,
    fd_files,
    fd_io,
    fd_status,
    paths,
    poll,
    sockets,
    system,
)
"""modules whose functions have the names of those of WASI preview 1"""
_UNLIMITED: Final = frozenset({"clock_res_get", "clock_time_get"})
"""functions that cost no more than the guest's own work: CPU time limits their calls"""

IMPLEMENTATIONS: Final[Mapping[str, Implementation]] = {
    name: getattr(module, name)
    for name in SIGNATURES
    for module in _IMPLEMENTED
    if hasattr(module, name)
}


def host_functions(
    process: Process, others: Mapping[str, Implementation] | None = None
) -> HostFunctions:
    """Make all functions of WASI preview 1 for *process*; *others* replace those of equal name."""
    implementations = {**IMPLEMENTATIONS, **(others or {})}
    return {
        (MODULE, name): HostFunction(
            signature, guarded(process, name, implementations[name], bool(signature.results))
        )
        for name, signature in SIGNATURES.items()
    }


def guarded(
    process: Process,
    name: str,
    implementation: Implementation,
    returns: bool,
    *,
    stopped: int = errno.CANCELED,
    failed: int = errno.IO,
) -> Callable[..., int | None]:
    """Return *implementation* wrapped so that it counts calls, serves no stopped run, never raises.

    The wrapper returns *stopped* once the run has stopped, and *failed* after an unexpected error.
    """

    counts = int(name not in _UNLIMITED)

    def call(*arguments: int) -> int:
        run = process.run
        usage = run.usage
        usage.host_calls += counts
        usage.calls[name] = usage.calls.get(name, 0) + 1
        if run.stopped is not None:
            return stopped
        if usage.host_calls > run.limits.max_host_calls:
            limit = run.limits.max_host_calls
            reason = f"the guest made more than {limit} host calls; the last was {name}"
            run.stop(ResourceLimit(reason))
            return stopped
        try:
            return implementation(process, *arguments)
        except Refused as refused:
            return refused.errno
        except BaseException as error:  # also KeyboardInterrupt: `perform` raises it again
            failure = InternalError(f"host function {name} failed: {error!r}")
            failure.__cause__ = error
            run.stop(failure)
            return failed

    def call_without_result(*arguments: int) -> None:
        call(*arguments)

    return call if returns else call_without_result
