"""The compiler's child process, from the parent's side: rlimits inside, wall clock outside."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from nexus.compiler.artifact import Artifact, unpack
from nexus.compiler.orders import Order
from nexus.engines import child_python
from nexus.errors import CompilationError, InvalidHandler, InvalidModule


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit status, or minus the signal, and what it wrote."""

    status: int
    stdout: bytes
    stderr: bytes


def run_child(order: Order, timeout_s: float) -> Artifact:
    """Make a child process execute *order*, and return its artifact.

    Raises: InvalidHandler, CompilationError.
    """
    try:
        child = subprocess.run(
            child_python.command("from nexus.compiler.child import main; sys.exit(main())"),
            input=order.write(),
            capture_output=True,
            timeout=timeout_s,
            env=child_python.environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise timed_out(timeout_s) from error
    except OSError as error:
        raise CompilationError(f"the compiler could not be started: {error}") from error
    return artifact_of(Ended(child.returncode, child.stdout, child.stderr), order.terms.key)


def timed_out(timeout_s: float) -> CompilationError:
    """Return the error of a child that took longer than *timeout_s*."""
    return CompilationError(f"compilation took longer than {timeout_s:g} s")


def artifact_of(child: Ended, key: str) -> Artifact:
    """Return the artifact that *child* made. Raises: InvalidHandler, CompilationError."""
    if child.status == 0:
        artifact = unpack(child.stdout, key)
        if artifact is not None:
            return artifact
        raise CompilationError("the compiler's answer was damaged")
    try:
        said = json.loads(child.stdout)
    except ValueError:
        raise CompilationError(_how_it_died(child)) from None
    if said["error"] == "InvalidModule":
        raise InvalidModule(said["reason"], said["offset"])
    kind = InvalidHandler if said["error"] == "InvalidHandler" else CompilationError
    raise kind(said["reason"])


def _how_it_died(child: Ended) -> str:
    said = child.stderr.decode(errors="replace").strip().splitlines()
    how = f"signal {-child.status}" if child.status < 0 else f"exit {child.status}"
    return f"the compiler died ({how}): {said[-1][:300] if said else 'it said nothing'}"
